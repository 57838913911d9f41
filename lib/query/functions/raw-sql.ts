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
  const text = placeholders(sql)
  if (text.count !== params.length) {
    throw new InvalidValueError(
      `RawSQL() has ${text.count} '?', but ${params.length} values were given.`,
    )
  }
  const args = params.map((value: unknown) => toRaw(value, 'A value of RawSQL()'))
  return call('RawSQL', args, { sql: text.sql, field })
}

/** Text in quotes, a placeholder or question mark, and what SQL of one expression cannot have. */
const TOKEN =
  /(?<quoted>(?<![\w$])[eE]?'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\$(?<tag>(?:[A-Za-z_]\w*)?)\$[\s\S]*?\$\k<tag>\$)|(?<mark>\\*\?\d?)|(?<open>\()|(?<close>\))|(?<bad>--|\/\*|;|['"`]|\$\d|\0)/g

/** SQL with its placeholders as `?` and its question marks as `\?`. */
function placeholders(sql: string): { readonly sql: string; readonly count: number } {
  let count = 0
  let depth = 0
  const text = sql.replace(TOKEN, (whole: string, ...rest: readonly unknown[]) => {
    const { quoted, mark, open, close } = rest[rest.length - 1] as Record<string, string>
    if (quoted !== undefined) return inQuotes(quoted)
    if (open !== undefined) depth += 1
    else if (close !== undefined) depth -= 1
    else if (mark === '?') count += 1
    else if (mark !== '\\?') throw notOne(whole)
    if (depth < 0) throw notOne(whole)
    return whole
  })
  if (depth !== 0) throw notOne('(')
  return { sql: text, count }
}

function inQuotes(text: string): string {
  // Backslashes escape in such text, quotes too.
  if (/^[eE]/.test(text) || /\\\\\?/.test(text)) throw notOne(text.slice(0, 2))
  return text.replace(/\\?\?/g, '\\?')
}

function notOne(part: string): FieldError {
  return new FieldError(
    `The SQL of RawSQL() must be one expression: '${part}' cannot stand in it like that.`,
  )
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
