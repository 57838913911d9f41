import type { DialectName } from '../fields/dialect.ts'
import type { RawQuery } from '../query/raw-query.ts'
import { emitterOf } from './builder.ts'
import { once } from './cache.ts'
import { quoted, sql } from './fragment.ts'
import { withValues } from './functions/custom.ts'
import { type CompiledStatement, draftOf } from './statement.ts'

/**
 * A query that somebody wrote, with its values bound. As the inner query of another it can write
 * nothing: a read may be sent again when a connection breaks. SQLite then also tells two columns of
 * one name apart, which its driver would make one.
 */
export function compileRaw(
  { sql: text, values }: RawQuery,
  dialect: DialectName,
): CompiledStatement {
  return once(() => {
    const emitter = emitterOf(dialect)
    const inner = withValues(text, values, emitter)
    const name = quoted('raw', emitter.dialect.quote)
    const whole = sql`select * from (${inner}) as ${name}`
    return draftOf(whole, dialect, { wants: 'rows', writes: false })
  })
}
