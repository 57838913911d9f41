import { FieldError } from '../../errors.ts'
import type { Expression } from '../expression.ts'
import { OUTPUT } from '../outputs.ts'
import { atLeastTwo, call, input, operand } from './call.ts'
import { alike, argument, type Call, type FunctionRule, funcNode, TAKES } from './rule.ts'
import type {
  FirstOf,
  Input,
  NullWith,
  Operand,
  PathsIn,
  Returns,
  ValueIn,
  ValuesIn,
} from './types.ts'

/**
 * The first of its values that is not NULL. They must be of one type; a literal takes the type of
 * the others.
 *
 * @throws FieldError for fewer than two
 * @example Author.objects.values({ shown: Coalesce('email', Value('no address')) })
 */
export function Coalesce<const A extends readonly Operand[]>(
  ...values: A
): Expression<FirstOf<ValuesIn<A>>, PathsIn<A[number]>> {
  return call('Coalesce', several(values, 'Coalesce()'))
}

/**
 * The greatest of its values. If one of them is NULL, SQLite and MySQL give NULL; PostgreSQL the
 * greatest of the others, as in Django.
 *
 * @throws FieldError for fewer than two
 * @example Book.objects.values({ last: Greatest('printedAt', 'changedAt') })
 */
export function Greatest<const A extends readonly Operand[]>(
  ...values: A
): Expression<ValueIn<A[number]>, PathsIn<A[number]>> {
  return call('Greatest', several(values, 'Greatest()'))
}

/**
 * The smallest of its values. If one of them is NULL, SQLite and MySQL give NULL; PostgreSQL the
 * smallest of the others, as in Django.
 *
 * @throws FieldError for fewer than two
 * @example Book.objects.values({ first: Least('printedAt', 'changedAt') })
 */
export function Least<const A extends readonly Operand[]>(
  ...values: A
): Expression<ValueIn<A[number]>, PathsIn<A[number]>> {
  return call('Least', several(values, 'Least()'))
}

/**
 * NULL where both values are equal, else the first.
 *
 * @example Book.objects.values({ ratio: F('rating').div(NullIf('pages', 0)) })
 */
export function NullIf<const A extends Operand, const B extends Operand>(
  value: A,
  nothing: B,
): Expression<NullWith<ValueIn<A>, null>, PathsIn<A | B>> {
  return call('NullIf', several([value, nothing], 'NullIf()'))
}

const COLLATION = /^[A-Za-z][\w.@-]{0,62}$/

/**
 * Text that is compared and ordered by a collation of the database.
 *
 * @throws FieldError if that is no name of a collation
 * @example Author.objects.orderBy(Collate('name', 'nocase')) // order by "name" collate "nocase"
 */
export function Collate<const I extends Input>(text: I, collation: string): Returns<string, I> {
  if (typeof collation !== 'string' || !COLLATION.test(collation)) {
    throw new FieldError("Collate() takes the name of a collation: 'nocase', 'C', 'de-x-icu'.")
  }
  return call('Collate', [input(text, 'Collate()')], collation)
}

function several(values: readonly unknown[], what: string): ReturnType<typeof atLeastTwo> {
  const raws = values.map((value) => operand(value, what))
  return atLeastTwo(raws, what)
}

function collate(given: Call): ReturnType<FunctionRule> {
  const [text] = given.args
  if (text === undefined) throw new FieldError('Collate() takes text.')
  const node = argument(given, text, TAKES.text)
  return funcNode(`Collate:${String(given.option)}`, [node], OUTPUT.text)
}

/** The rules of the functions of this file. */
export const COMPARISON_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Coalesce', alike],
  ['Greatest', alike],
  ['Least', alike],
  ['NullIf', alike],
  ['Collate', collate],
])
