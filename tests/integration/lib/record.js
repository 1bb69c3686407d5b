// What happened, in order, and a way to wait for it: the tests never sleep.

// A promise with its handle outside: a server waits at `opened`, the test calls `open`.
export function gate() {
  let open;
  const opened = new Promise((resolve) => { open = resolve; });
  return { opened, open };
}

// The promise, or an error that names what was waited for: a text, or a function that makes one when it is needed.
export async function within(milliseconds, promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${milliseconds} ms for ${typeof what === 'function' ? what() : what}`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Record {
  entries = [];
  #waiting = new Set();

  add(entry) {
    this.entries.push(entry);
    for (const waiter of [...this.#waiting]) waiter();
    return entry;
  }

  where(wanted) {
    return this.entries.filter((entry) =>
      Object.entries(wanted).every(([key, value]) => entry[key] === value));
  }

  count(wanted) {
    return this.where(wanted).length;
  }

  // The n-th entry that looks like `wanted`, now or once it is there.
  until(wanted, { n = 1, milliseconds = 20000 } = {}) {
    const found = new Promise((resolve) => {
      const look = () => {
        const hits = this.where(wanted);
        if (hits.length < n) return;
        this.#waiting.delete(look);
        resolve(hits[n - 1]);
      };
      this.#waiting.add(look);
      look();
    });
    return within(milliseconds, found, `entry ${n} of ${JSON.stringify(wanted)}`);
  }
}
