import { FieldError, ImproperlyConfigured } from '../../errors.ts'
import type { ColumnSpec, ColumnValue } from '../../fields/column.ts'
import { ColumnField } from '../../fields/column-field.ts'
import type { DialectName } from '../../fields/dialect.ts'
import { readOptions } from '../../util/options.ts'
import type { Expression } from '../expression.ts'
import { call, operand } from './call.ts'
import { type Call, type FunctionRule, funcNode } from './rule.ts'
import type { NullWith, Operand, PathsIn, ValueIn } from './types.ts'

/**
 * SQL of a function: `$1`, `$2` … stand for its arguments, `$*` for all of them with commas. One
 * text for all databases, or one for each that has the function.
 */
export type SqlTemplate = string | Partial<Readonly<Record<DialectName, string>>>

/** What `defineFunction()` takes. */
export interface FunctionDefinition<S extends ColumnSpec> {
  /** How its result is read. */
  readonly output: ColumnField<S>
  readonly sql: SqlTemplate
}

/** A function made by `defineFunction()`. */
export type CustomFunction<S extends ColumnSpec> = <const A extends readonly Operand[]>(
  ...args: A
) => Expression<NullWith<ColumnValue<S>, ValueIn<A[number]>>, PathsIn<A[number]>>

/** A template in pieces: text, and the numbers of arguments; -1 for all of them. */
export type Pieces = readonly (string | number)[]

/** The SQL of functions and lookups of users, by dialect. */
export interface CustomSql {
  readonly name: string
  readonly pieces: ReadonlyMap<DialectName, Pieces>
  /** How many arguments it takes at least, and at most. */
  readonly arity: readonly [number, number]
}

const DIALECTS: readonly DialectName[] = ['sqlite', 'postgresql', 'mysql']
const NAME = /^[A-Za-z]\w{0,62}$/
const ARGUMENT = /\$(\d+|\*)/
/** Printable ASCII without what starts a comment, a statement or a placeholder. */
const TEXT = /^(?!.*(?:--|\/\*))[ !"%-./0-:<=>@-[\]^_`a-z{|}~#&]*$/

const definitions = new Map<string, CustomSql>()

/** The SQL under a name that `defineFunction()` or `registerLookup()` gave; undefined of others. */
export function customSql(name: string): CustomSql | undefined {
  return definitions.get(name)
}

/**
 * A function of the database that the ORM does not have. The SQL is checked here, once; arguments
 * are always bound, so no text of a caller becomes SQL.
 *
 * @throws ImproperlyConfigured if the name or the SQL cannot be one
 * @example
 * const Soundex = defineFunction('soundex', { output: fields.text(), sql: 'soundex($1)' })
 * Author.objects.values({ sound: Soundex('name') })
 */
export function defineFunction<S extends ColumnSpec>(
  name: string,
  definition: FunctionDefinition<S>,
): CustomFunction<S> {
  const names = { output: true, sql: true } as const
  const own = readOptions('defineFunction()', definition, names, ImproperlyConfigured)
  const { output, sql } = own
  if (!ColumnField.is(output)) {
    throw new ImproperlyConfigured(`defineFunction('${name}'): output must be a field.`)
  }
  const key = addSql(name, sql)
  const option = { key, output }
  return (...args) =>
    call(
      'Custom',
      args.map((arg) => operand(arg, `${name}()`)),
      option,
    )
}

/**
 * Keeps SQL under a name of its own, which it gives back.
 *
 * @throws ImproperlyConfigured if the name or the SQL cannot be one
 */
export function addSql(name: string, sql: SqlTemplate): string {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ImproperlyConfigured('The name of a function has only letters, digits and _.')
  }
  const texts = typeof sql === 'string' ? DIALECTS.map((dialect) => [dialect, sql]) : entries(sql)
  const pieces = new Map(
    texts.map(([dialect, text]) => [dialect as DialectName, piecesOf(name, text)]),
  )
  const arities = [...pieces.values()].map(arityOf)
  const least = Math.max(...arities.map(([min]) => min))
  const most = Math.max(...arities.map(([, max]) => max))
  const key = `Custom:${name}#${definitions.size + 1}`
  definitions.set(key, Object.freeze({ name, pieces, arity: [least, most] as const }))
  return key
}

function entries(sql: unknown): readonly (readonly [string, unknown])[] {
  const given = typeof sql === 'object' && sql !== null ? Object.entries(sql) : []
  const isFine = given.every(([dialect]) => DIALECTS.includes(dialect as DialectName))
  if (given.length > 0 && isFine) return given
  throw new ImproperlyConfigured(
    'The SQL of a function is text, or text by the name of a database: sqlite, postgresql, mysql.',
  )
}

function piecesOf(name: string, text: unknown): Pieces {
  const parts = typeof text === 'string' ? text.split(ARGUMENT) : ['?']
  let quotes = 0
  return parts.map((part, index) => {
    const isText = index % 2 === 0
    if (isText && TEXT.test(part)) {
      quotes += part.split("'").length - 1
      return part
    }
    const place = isText || part === '0' ? -2 : part === '*' ? -1 : Number(part) - 1
    // Nothing is bound inside of quotes.
    if (place >= -1 && place < 100 && quotes % 2 === 0) return place
    throw new ImproperlyConfigured(
      `The SQL of '${name}' has something that cannot stand in a function: write its arguments as ` +
        '$1, $2 or $*, and everything else in ASCII without comments, backslashes, ? and ;.',
    )
  })
}

function arityOf(pieces: Pieces): readonly [number, number] {
  const places = pieces.filter((piece) => typeof piece === 'number')
  const needed = Math.max(0, ...places.map((place) => place + 1))
  return places.includes(-1) ? [needed, 1000] : [needed, needed]
}

interface Option {
  readonly key: string
  readonly output: ColumnField
}

function custom(given: Call): ReturnType<FunctionRule> {
  const { key, output } = given.option as Option
  const definition = definitions.get(key)
  if (definition === undefined) throw new FieldError('The function was not defined.')
  const [min, max] = definition.arity
  if (given.args.length < min || given.args.length > max) {
    throw new FieldError(
      `${definition.name}() takes ${min === max ? min : `at least ${min}`} arguments.`,
    )
  }
  const args = given.args.map((raw) => given.resolve(raw, null))
  return funcNode(key, args, output)
}

/** The rule of the functions of users. */
export const CUSTOM_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['Custom', custom],
])
