import { compileUpdate } from '../compile/update.ts'
import type { Database } from '../database/runner.ts'
import { adoptValues } from '../hydrate/assign.ts'
import { isDeferred, unload } from '../hydrate/deferred.ts'
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
import { isHeldToVersion, knownVersion, nextVersion, staleError } from './version.ts'

/**
 * Writes some columns of a saved instance; sends nothing when there are none, but for one that was
 * given another version, which its row must have. `adopted`: the foreign keys that it got from
 * instances just now.
 *
 * @throws ValidationError before any SQL; the model's DoesNotExist when the row is gone, or, where it
 * has a version, StaleObjectError when it is gone or was written by others.
 */
export async function updateInstance(
  db: Database,
  meta: ModelMeta,
  instance: Columns,
  columns: readonly ColumnMeta[],
  adopted: readonly ColumnMeta[] = [],
): Promise<void> {
  if (columns.length === 0 && !isHeldToVersion(meta, instance)) return
  const known = knownVersion(meta, instance)
  const nows = columns.filter(({ relation, field }) => relation === null && field.autoNow)
  const before = new Map(
    nows.map((column) => [
      column,
      isDeferred(instance, column) ? undefined : instance[column.name],
    ]),
  )
  for (const { name, field } of nows) instance[name] = field.makeNow()
  const isExpression = (column: ColumnMeta): boolean =>
    Expression.raw(instance[column.name]) !== null
  const computed = columns.filter(isExpression)
  const plain = columns.filter((column) => !isExpression(column))
  const valid = validate(meta, plain, instance)
  adoptValues(meta, instance, valid)

  const state = withFilter(initialState(meta), [{ pk: storedKey(meta, instance), ...known }])
  const next = nextVersion(meta, known)
  const values = Object.fromEntries(computed.map(({ name }) => [name, instance[name]]))
  const statement = compileUpdate(
    state,
    resolveAssignments(state, { ...values, ...valid, ...next }),
    db.dialect,
  )
  const runner = db.current()
  restoreOnRollback(db, meta, instance, adopted, computed)
  const count = statement === null ? 0 : (await runner.run(statement)).count
  if (count === 0 && meta.version !== null) {
    for (const [column, value] of before) {
      if (value === undefined) unload(instance, column)
      else instance[column.name] = value
    }
    throw staleError(meta, 'save')
  }
  if (count === 0) {
    throw new (errorsOf(meta).DoesNotExist)(
      `The ${meta.name} to save is not in the database any more; nothing was written.`,
    )
  }
  Object.assign(instance, next)
  const written = meta.version === null ? plain : [...plain, meta.version]
  markStored(instance, originOf(db), written, meta, { ...valid, ...next })
  if (computed.length > 0) await readColumns(runner, meta, instance, computed)
}
