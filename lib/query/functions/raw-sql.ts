import { FieldError, InvalidValueError } from '../../errors.ts'
import type { ColumnSpec, ColumnValue } from '../../fields/column.ts'
import { ColumnField } from '../../fields/column-field.ts'
import type { Expression, Literal } from '../expression.ts'
import { toRaw } from '../expression.ts'
import { call } from './call.ts'
import { resultField } from './cast.ts'
import { type Call, type FunctionRule, funcNode } from './rule.ts'

/**
 * SQL of your own as an expression, for what the ORM has no function for. Each `?` outside of quotes
 * stands for one of the values, which are always bound; `\\?` is a question mark. Never put text of
 * users into the SQL itself. Columns have their names in the database.
 *
 * @throws FieldError if the SQL is no single expression: it has comments, `;`, `$1`, or quotes or
 * brackets that do not end
 * @throws InvalidValueError if there are more or fewer values than `?`
 * @example Author.objects.filter({ name: RawSQL('upper(?)', ['ann'], fields.text()) })
 */
export function RawSQL<S extends ColumnSpec>(
  sql: string,
  params: readonly Literal[],
  field: ColumnField<S>,
): Expression<ColumnValue<S>> {
  if (typeof sql !== 'string' || !Array.isArray(params) || !ColumnField.is(field)) {
    throw new FieldError(
      "RawSQL() takes SQL, its values and a field: ('x + ?', [1], fields.text()).",
    )
  }
  const text = placeholders(sql, 'RawSQL()', 'expression', params.length)
  const args = params.map((value: unknown) => toRaw(value, 'A value of RawSQL()'))
  return call('RawSQL', args, { sql: text, field })
}

/** Text in quotes, a placeholder or question mark, and what SQL of one expression cannot have. */
const TOKEN =
  /(?<quoted>(?<![\w$])[eE]?'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$)|(?<mark>\\*\?\d?)|(?<open>\()|(?<close>\))|(?<bad>--|\/\*|;|['"`]|\$\d|\0)/g

/**
 * SQL with its placeholders as `?` and its question marks as `\?`. `what` takes it, with so many
 * values.
 *
 * @throws FieldError if it is more than the one `unit`, or cannot be told to be no more
 * @throws InvalidValueError if there are more or fewer values than `?`
 */
export function placeholders(
  sql: string,
  what: string,
  unit: 'expression' | 'query',
  given: number,
): string {
  const refuse = (part: string): FieldError =>
    new FieldError(
      `The SQL of ${what} must be one ${unit}: '${part}' cannot stand in it like that.`,
    )
  let count = 0
  let depth = 0
  const text = sql.replace(TOKEN, (whole: string, ...rest: readonly unknown[]) => {
    const { quoted, mark, open, close } = rest[rest.length - 1] as Record<string, string>
    if (quoted !== undefined) return inQuotes(quoted, refuse)
    if (open !== undefined) depth += 1
    else if (close !== undefined) depth -= 1
    else if (mark === '?') count += 1
    else if (mark !== '\\?') throw refuse(whole)
    if (depth < 0) throw refuse(whole)
    return whole
  })
  if (depth !== 0) throw refuse('(')
  if (count === given) return text
  throw new InvalidValueError(`${what} has ${count} '?', but ${given} values were given.`)
}

function inQuotes(text: string, refuse: (part: string) => FieldError): string {
  // Backslashes escape in such text, quotes too.
  if (/^[eE]/.test(text) || /\\\\\?/.test(text)) throw refuse(text.slice(0, 2))
  return text.replace(/\\?\?/g, '\\?')
}

interface Option {
  readonly sql: string
  readonly field: ColumnField
}

function rawSql(given: Call): ReturnType<FunctionRule> {
  const { sql, field } = given.option as Option
  const args = given.args.map((raw) => given.resolve(raw, null))
  return funcNode(`RawSQL:${sql}`, args, resultField(field))
}

/** The rule of the function of this file. */
export const RAW_SQL_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['RawSQL', rawSql],
])
