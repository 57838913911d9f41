import { compileUpdate } from '../compile/update.ts'
import type { Database } from '../database/runner.ts'
import { adoptValues } from '../hydrate/assign.ts'
import { type Columns, markStored } from '../hydrate/instance.ts'
import { errorsOf } from '../meta/model-errors.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { validate } from '../meta/schemas.ts'
import { resolveAssignments } from '../query/assignments.ts'
import { Expression } from '../query/expression.ts'
import { initialState, withFilter } from '../query/state.ts'
import { originOf } from './databases.ts'
import { readColumns, storedKey } from './reload.ts'
import { restoreOnRollback } from './restore.ts'

/**
 * Writes some columns of a saved instance; sends nothing when there are none. `adopted`: the
 * foreign keys that it got from instances just now.
 *
 * @throws ValidationError before any SQL; the model's DoesNotExist when the row is gone.
 */
export async function updateInstance(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
  adopted: readonly ColumnMeta[] = [],
): Promise<void> {
  if (columns.length === 0) return
  for (const column of columns) {
    if (column.relation === null && column.field.autoNow)
      instance[column.name] = column.field.makeNow()
  }
  const isExpression = (column: ColumnMeta): boolean =>
    Expression.raw(instance[column.name]) !== null
  const computed = columns.filter(isExpression)
  const plain = columns.filter((column) => !isExpression(column))
  const valid = validate(meta, plain, instance)
  adoptValues(meta, instance, valid)

  const state = withFilter(initialState(meta), [{ pk: storedKey(meta, instance) }])
  const values = Object.fromEntries(computed.map(({ name }) => [name, instance[name]]))
  const statement = compileUpdate(
    state,
    resolveAssignments(state, { ...values, ...valid }),
    db.dialect,
  )
  const runner = db.current()
  restoreOnRollback(db, meta, instance, adopted)
  const count = statement === null ? 0 : (await runner.run(statement)).count
  if (count === 0) {
    throw new (errorsOf(meta).DoesNotExist)(
      `The ${meta.name} to save is not in the database any more; nothing was written.`,
    )
  }
  markStored(instance, originOf(db), plain, meta, valid)
  if (computed.length > 0) await readColumns(runner, meta, instance, computed)
}
