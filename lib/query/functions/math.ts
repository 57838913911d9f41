import type { Expression } from '../expression.ts'
import { Value } from '../expression.ts'
import { arithmeticField } from '../expression-types.ts'
import type { ExprNode } from '../nodes.ts'
import { OUTPUT } from '../outputs.ts'
import { binary, call, input, integer, operand, unary } from './call.ts'
import { type FunctionRule, rule, sameKind, TAKES } from './rule.ts'
import type {
  Amount,
  Binary,
  Input,
  NullWith,
  PathsIn,
  SameUnary,
  Unary,
  ValueIn,
} from './types.ts'

/**
 * A number without its sign.
 *
 * @example Book.objects.filter({ pages__gt: Abs('rating') }) // "pages" > abs("rating")
 */
export const Abs: SameUnary = unary('Abs')

/**
 * The nearest whole number that is not smaller.
 *
 * @example Book.objects.values({ stars: Ceil('rating') }) // ceil("rating")
 */
export const Ceil: SameUnary = unary('Ceil')

/**
 * The nearest whole number that is not greater.
 *
 * @example Book.objects.values({ stars: Floor('rating') }) // floor("rating")
 */
export const Floor: SameUnary = unary('Floor')

/**
 * 1 of a positive number, -1 of a negative one, 0 of 0.
 *
 * @example Book.objects.values({ sign: Sign('rating') }) // sign("rating")
 */
export const Sign: Unary<number> = unary('Sign')

/**
 * The square root. Of a negative number PostgreSQL raises an error, SQLite gives NULL.
 *
 * @example Book.objects.values({ side: Sqrt('pages') }) // sqrt("pages")
 */
export const Sqrt: Unary<number> = unary('Sqrt')

/**
 * e to the power of a number.
 *
 * @example Book.objects.values({ weight: Exp('rating') }) // exp("rating")
 */
export const Exp: Unary<number> = unary('Exp')

/**
 * The natural logarithm. Of 0 and less PostgreSQL raises an error, SQLite gives NULL.
 *
 * @example Book.objects.values({ scale: Ln('pages') }) // ln("pages")
 */
export const Ln: Unary<number> = unary('Ln')

/**
 * The arc cosine, in radians. Beyond -1 to 1 PostgreSQL raises an error, SQLite gives NULL.
 *
 * @example Point.objects.values({ angle: ACos('x') }) // acos("x")
 */
export const ACos: Unary<number> = unary('ACos')

/**
 * The arc sine, in radians. Beyond -1 to 1 PostgreSQL raises an error, SQLite gives NULL.
 *
 * @example Point.objects.values({ angle: ASin('x') }) // asin("x")
 */
export const ASin: Unary<number> = unary('ASin')

/**
 * The arc tangent, in radians.
 *
 * @example Point.objects.values({ angle: ATan('x') }) // atan("x")
 */
export const ATan: Unary<number> = unary('ATan')

/**
 * The cosine of an angle in radians.
 *
 * @example Point.objects.values({ x: Cos('angle') }) // cos("angle")
 */
export const Cos: Unary<number> = unary('Cos')

/**
 * The cotangent of an angle in radians. Of 0 it is infinite on PostgreSQL, NULL on SQLite.
 *
 * @example Point.objects.values({ x: Cot('angle') }) // cot("angle")
 */
export const Cot: Unary<number> = unary('Cot')

/**
 * The sine of an angle in radians.
 *
 * @example Point.objects.values({ y: Sin('angle') }) // sin("angle")
 */
export const Sin: Unary<number> = unary('Sin')

/**
 * The tangent of an angle in radians.
 *
 * @example Point.objects.values({ slope: Tan('angle') }) // tan("angle")
 */
export const Tan: Unary<number> = unary('Tan')

/**
 * An angle of radians in degrees.
 *
 * @example Point.objects.values({ heading: Degrees('angle') }) // degrees("angle")
 */
export const Degrees: Unary<number> = unary('Degrees')

/**
 * An angle of degrees in radians.
 *
 * @example Point.objects.values({ angle: Radians('heading') }) // radians("heading")
 */
export const Radians: Unary<number> = unary('Radians')

/**
 * The angle of a point `(x, y)`, given as `ATan2(y, x)`, in radians.
 *
 * @example Point.objects.values({ angle: ATan2('y', 'x') }) // atan2("y", "x")
 */
export const ATan2: Binary<number> = binary('ATan2')

/**
 * A logarithm: `Log(base, number)`.
 *
 * @example Book.objects.values({ digits: Log(10, 'pages') }) // log(10, "pages")
 */
export const Log: Binary<number> = binary('Log')

/**
 * A number to the power of another.
 *
 * @example Book.objects.values({ square: Power('pages', 2) }) // pow("pages", 2)
 */
export const Power: Binary<number> = binary('Power')

/**
 * What is left of a division, with the sign of the dividend. By 0 PostgreSQL raises an error,
 * SQLite gives NULL.
 *
 * @example Book.objects.filter({ pages: Mod('rating', 10) })
 */
export function Mod<const A extends Amount, const B extends Amount>(
  dividend: A,
  divisor: B,
): Expression<
  NullWith<A extends number ? ValueIn<B> : ValueIn<A>, ValueIn<A | B>>,
  PathsIn<A | B>
> {
  return call('Mod', [operand(dividend, 'Mod()'), operand(divisor, 'Mod()')])
}

/**
 * A number rounded to so many digits after the point, to none unless said; to tens, hundreds … with
 * a negative number. Halves go away from zero.
 *
 * @throws InvalidValueError if the number of digits is no whole number from -15 to 100
 * @example Book.objects.values({ about: Round('price', 1) }) // round("price", 1)
 */
export function Round<const I extends Input>(
  number: I,
  digits: number = 0,
): Expression<ValueIn<I>, PathsIn<I>> {
  const places = integer(digits, -15, 100, 'Round()')
  const source = input(number, 'Round()')
  // The value is bound and so no part of the text, which differs.
  const step = Value(places < 0 ? 10 ** -places : places)
  return call(places < 0 ? 'RoundTo' : 'Round', [source, input(step, 'Round()')])
}

/**
 * The ratio of a circle's circumference to its diameter.
 *
 * @example Point.objects.values({ area: Pi().mul(F('radius').pow(2)) }) // pi() * …
 */
export function Pi(): Expression<number> {
  return call('Pi', [])
}

/**
 * A random number from 0 to before 1, anew for each row.
 *
 * @example Book.objects.filter({ rating__gt: Random() }) // "rating" > random()
 */
export function Random(): Expression<number> {
  return call('Random', [])
}

function likeFirst([first]: readonly ExprNode[]): (typeof OUTPUT)['float'] {
  return first === undefined ? OUTPUT.float : sameKind(first.field)
}

const FLOAT: FunctionRule = rule([TAKES.number], OUTPUT.float)
const SAME: FunctionRule = rule([TAKES.number], likeFirst)

/** The rules of the functions of this file. */
export const MATH_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ...['Abs', 'Ceil', 'Floor'].map((name) => [name, SAME] as const),
  ...[
    ...['Sqrt', 'Exp', 'Ln', 'ACos', 'ASin', 'ATan', 'Cos', 'Cot', 'Sin', 'Tan'],
    ...['Degrees', 'Radians', 'ATan2', 'Log', 'Power', 'Pi', 'Random'],
  ].map((name) => [name, FLOAT] as const),
  ['Sign', rule([TAKES.number], OUTPUT.integer)],
  ['Round', rule([TAKES.number, TAKES.integer], likeFirst)],
  ['RoundTo', rule([TAKES.number, TAKES.number], likeFirst)],
  [
    'Mod',
    rule([TAKES.number], ([a, b]) =>
      arithmeticField('mod', a?.field ?? OUTPUT.float, b?.field ?? OUTPUT.float),
    ),
  ],
])
