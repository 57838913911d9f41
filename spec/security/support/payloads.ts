/** Hostile texts; shared by `spec/security` and `npm run test:soak`. */
import fc from 'fast-check'

/** What is dangerous somewhere: to SQL, to a driver, to JavaScript, to a log. */
const FRAGMENTS = [
  "'",
  '"',
  '`',
  ';',
  '--',
  '/*',
  '*/',
  '#',
  '\\',
  "\\'",
  '?',
  '??',
  '$1',
  ':a',
  '@',
  '%',
  '_',
  '*',
  '(',
  ')',
  '[',
  ']',
  '.',
  ',',
  ' ',
  ' as x',
  ' desc',
  '||',
  '::int',
  '\0',
  '\n',
  '\r',
  '\u001b[31m',
  '\u0085',
  '\u2028',
  '\ufeff',
  '\ud800',
  '__',
  '__proto__',
  'constructor',
  '=1 or 1=1',
  '1; drop table canary; --',
  "') or 1=1 --",
  '" from canary --',
  '(select secret from canary)',
  'nulls first; create table pwned(x int)',
  '$' + '{process.exit()}',
]

/** Written by hand: the payloads of the advisories themselves. */
export const PAYLOADS: readonly string[] = [
  'x" FROM canary --',
  'id" desc --',
  '-id; drop table canary',
  '(select 1)',
  '?; x',
  'count(*)',
  'id as x',
  'canary.secret',
  'year", now()) --',
  "a' = 'b' OR 1=1 --",
  "UTC'; --",
  'ANALYZE) DELETE FROM canary; --',
  '1); drop table canary; --',
  'first; create table pwned(x int)',
  'serializable; drop table canary',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  '__',
  'a"b',
  'a`b',
  'a$b',
  'é'.repeat(32),
  'x'.repeat(3000),
  ...FRAGMENTS,
  ...Array.from({ length: 0x20 }, (_, code) => `a${String.fromCodePoint(code)}b`),
]

/** Any number of them, always the same for a seed; none is a name that there is. */
export function hostileTexts(count: number, seed: number): string[] {
  const part = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...FRAGMENTS) },
    { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom('id', 'title', 'author', 'name', 'pages', 'data', 'a'),
    },
  )
  const text = fc
    .tuple(fc.array(part, { minLength: 1, maxLength: 6 }), fc.constantFrom(...FRAGMENTS))
    .map(([parts, last]) => parts.join('') + last)
    // A path into JSON is a name that there is: its keys are values.
    .filter((each) => !/^[-+]?data__/.test(each))
    // A plain identifier is an alias like any other.
    .filter((each) => each.includes('__') || !/^[a-z_]\w*$/i.test(each))
  return fc.sample(text, { numRuns: count, seed })
}
