import { FieldError, InvalidValueError } from '../errors.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { Expression, type Literal, toRaw } from './expression.ts'
import { literalParam } from './expression-types.ts'
import { placeholders } from './functions/raw-sql.ts'
import { assertWithin } from './limits.ts'
import type { ExprNode } from './nodes.ts'

/** A query of a model's rows that somebody wrote. */
export interface RawQuery {
  readonly model: ModelMeta
  /** Its placeholders are `?`, its question marks `\?`. */
  readonly sql: string
  readonly values: readonly ExprNode[]
}

/**
 * Checks SQL and its values, and takes a copy of both.
 *
 * @throws FieldError if the SQL is no single query: it has comments, another statement behind it,
 * `$1`, or quotes or brackets that do not end
 * @throws InvalidValueError if there are more or fewer values than `?`, or something is no value
 */
export function rawQuery(model: ModelMeta, sql: unknown, bindings: unknown): RawQuery {
  if (typeof sql !== 'string' || sql.trim() === '' || !Array.isArray(bindings)) {
    throw new FieldError(
      "raw() takes SQL and its values: ('select * from books where id = ?', [1]).",
    )
  }
  const given: readonly unknown[] = Array.from(bindings)
  assertWithin('columns', given.length, 'The number of values of raw()')
  const text = placeholders(sql.replace(/;?\s*$/, ''), 'raw()', 'query', given.length)
  return { model, sql: text, values: given.map(bound) }
}

function bound(value: unknown): ExprNode {
  const raw = Expression.raw(value) === null ? toRaw(value, 'A value of raw()') : null
  if (raw?.kind === 'value') return literalParam(raw.value as Literal, null)
  throw new InvalidValueError('A value of raw() is a value, no expression.')
}
