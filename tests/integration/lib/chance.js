// Chance that can be had again: the seed is printed, and HANDOVER_TORTURE_SEED sets it.
export function chance(t) {
  const seed = Number(process.env.HANDOVER_TORTURE_SEED ?? Date.now() % 2 ** 32) >>> 0;
  t.diagnostic(`HANDOVER_TORTURE_SEED=${seed}`);
  let state = seed;
  // mulberry32: small, and good enough to pick moments
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 15), x | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (limit) => Math.floor(next() * limit),
    either: () => next() < 0.5,
    of: (choices) => choices[Math.floor(next() * choices.length)],
  };
}

// How often a test of chance is repeated: `few` by default, HANDOVER_TORTURE_ROUNDS where it is set.
export function rounds(few) {
  return Number(process.env.HANDOVER_TORTURE_ROUNDS ?? few);
}
