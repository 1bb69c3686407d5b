// A program of somebody else: the official package, with nothing but what its environment says (OPENAI_BASE_URL, OPENAI_API_KEY,
// NODE_EXTRA_CA_CERTS). It prints what it got as JSON.
import OpenAI from 'openai';

const client = new OpenAI({ maxRetries: 0 });
const ask = (content, more) => client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content }], ...more });

const whole = await ask('hi');
let streamed = '';
for await (const chunk of await ask('hi', { stream: true })) streamed += chunk.choices[0]?.delta?.content ?? '';
const large = await ask('x'.repeat(1 << 20));
process.stdout.write(JSON.stringify({
  whole: whole.choices[0].message.content, streamed, large: large.choices[0].message.content.length,
}));
