import { NotSupportedError } from '../../errors.ts'
import type { ColumnField } from '../../fields/column-field.ts'
import type { DialectName } from '../../fields/dialect.ts'
import type { ListNode, ParamNode } from '../../query/nodes.ts'
import { bind, type Fragment, keyword, sql } from '../fragment.ts'
import type { AggregateForm, PatternName } from './dialect.ts'

/** Binds a value as its column wants it. */
export function bindParam(node: ParamNode, dialect: DialectName): Fragment {
  return bind(node, ENCODERS[dialect].param)
}

interface Encoders {
  param(node: ParamNode): unknown
  array(node: ListNode): unknown
}

function encoders(dialect: DialectName): Encoders {
  return {
    param: ({ value, field }) => field.toDb(value, dialect),
    array: ({ values, field }) => values.map((value) => field.toDb(value, dialect)),
  }
}

/** One for each dialect, so that the same value in two places is known to be the same. */
const ENCODERS: Readonly<Record<DialectName, Encoders>> = {
  sqlite: encoders('sqlite'),
  postgresql: encoders('postgresql'),
  mysql: encoders('mysql'),
}

/** Binds a list as an array of what the driver takes. */
export function bindArray(node: ListNode, dialect: DialectName): Fragment {
  return bind(node, ENCODERS[dialect].array)
}

/** Binds a list as a JSON array of what the driver takes. */
export function bindJson(node: ListNode, dialect: DialectName): Fragment {
  return bind(node, ({ values, field }) =>
    JSON.stringify(values.map((value) => field.toDb(value, dialect))),
  )
}

/** Binds each of a list by itself: the text is then of this list only. */
export function bindEach(node: ListNode, dialect: DialectName): readonly Fragment[] {
  return node.values.map((value) => bindParam({ kind: 'param', value, field: node.field }, dialect))
}

/** Text in which nothing is special to LIKE; the escape character is a backslash. */
export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** A text lookup's value with wildcards where the lookup has them. */
export function wildcards(lookup: PatternName, text: string, wildcard: string): string {
  switch (lookup) {
    case 'contains':
    case 'icontains':
      return wildcard + text + wildcard
    case 'startswith':
    case 'istartswith':
      return text + wildcard
    case 'endswith':
    case 'iendswith':
      return wildcard + text
    default:
      return text
  }
}

/** Whether a text lookup ignores case. */
export function ignoresCase(lookup: PatternName): boolean {
  return lookup.startsWith('i')
}

/** `name(distinct input)`, and `count(*)`. */
export function plainAggregate(
  name: string,
  input: Fragment | null,
  form: AggregateForm,
): Fragment {
  if (input === null) return sql`${keyword(name)}(*)`
  return form.distinct ? sql`${keyword(name)}(distinct ${input})` : sql`${keyword(name)}(${input})`
}

/** An aggregate that puts values in a row: `name(distinct input, delimiter order by …)`. */
export function collect(
  name: string,
  input: Fragment,
  { distinct, order }: AggregateForm,
  delimiter: Fragment | null = null,
): Fragment {
  const values = distinct ? sql`distinct ${input}` : input
  const parts = delimiter === null ? values : sql`${values}, ${delimiter}`
  const ordered = order === null ? parts : sql`${parts} order by ${order}`
  return sql`${keyword(name)}(${ordered})`
}

/**
 * Sees to it that a database has columns of a kind.
 *
 * @throws NotSupportedError of ranges where there are none
 */
export function assertHeld({ family }: ColumnField, dialect: DialectName): void {
  if (family !== 'range' || dialect === 'postgresql') return
  throw notSupported('A column of ranges (keep its two ends in two columns)', dialect)
}

/** The error for what a database cannot do. */
export function notSupported(what: string, dialect: string): NotSupportedError {
  return new NotSupportedError(`${what} is not supported on ${dialect}.`)
}
