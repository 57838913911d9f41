import { compileUpdate } from '../compile/update.ts'
import type { Runner } from '../database/runner.ts'
import { FieldError, InvalidValueError } from '../errors.ts'
import { toAssignment } from '../hydrate/assign.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { validate } from '../meta/schemas.ts'
import { resolveAssignments } from '../query/assignments.ts'
import { Expression } from '../query/expression.ts'
import type { QueryState } from '../query/nodes.ts'
import { assertNotCombined, isSliced, patchState } from '../query/state.ts'
import { readOptions } from '../util/options.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { type DeleteOptions, type DeletionReport, deleteCollected } from './collector.ts'
import { isHeard, telling } from './listeners.ts'
import { assertOnProgress } from './progress.ts'
import { limitsOf, withinLimits } from './read-rows.ts'
import { assertNotVersion, countedWrite } from './version.ts'

/**
 * Writes the same values to all rows of a query; how many rows matched. `toQuerySet` makes the
 * queryset of it that listeners are told of.
 *
 * @throws FieldError, ValidationError, InvalidValueError before any SQL.
 */
export async function updateRows(
  runner: Runner,
  state: QueryState,
  values: object,
  toQuerySet: (state: QueryState) => object,
): Promise<number> {
  assertWritable(state, 'update')
  if (!isPlainObject(values)) {
    throw new InvalidValueError('update() takes a plain object: update({ pages: 3 }).')
  }
  const checked = checkedValues(state.model, values as Record<string, unknown>)
  if (Object.keys(checked).length === 0) return 0
  const assignments = resolveAssignments(state, { ...checked, ...countedWrite(state.model) })
  const statement = compileUpdate(state, assignments, runner.db.dialect)
  if (statement === null) return 0
  const write = async (on: Runner): Promise<number> =>
    (await on.run(statement, limitsOf(state))).count
  if (!isHeard(state.model, 'save')) return await write(runner)
  const { db } = runner
  const queryset = toQuerySet(patchState(state, { database: db }))
  const event = { kind: 'update', queryset, fields: Object.keys(checked) }
  return await withinLimits(db, state, () =>
    telling(db, state.model, 'save', event, () => write(db.current())),
  )
}

/**
 * Deletes all rows of a query, and what refers to them as their rules say; how many rows, by model.
 *
 * @throws FieldError, InvalidValueError, NotSupportedError before any SQL.
 * @throws ProtectedError, RestrictedError with the rows in the way; nothing is deleted.
 */
export async function deleteRows(
  runner: Runner,
  state: QueryState,
  options: DeleteOptions = {},
): Promise<DeletionReport> {
  const { onProgress } = readOptions('delete()', options, { onProgress: true })
  assertOnProgress(onProgress, 'delete')
  assertWritable(state, 'delete')
  if (state.projection.kind !== 'instances') {
    throw new FieldError('Cannot call delete() after values() or valuesList().')
  }
  return await deleteCollected(runner.db, state, { known: undefined, onProgress })
}

/** @throws FieldError for a query whose rows cannot be written all at once. */
export function assertWritable(state: QueryState, verb: string): void {
  assertNotCombined(state, `${verb}()`)
  if (isSliced(state)) throw new FieldError(`Cannot use 'limit' or 'offset' with ${verb}().`)
  if (Array.isArray(state.distinct)) {
    throw new FieldError(`Cannot call ${verb}() after distinct() of fields.`)
  }
}

/** The values by column, valid and canonical; expressions as they are. */
function checkedValues(
  model: ModelMeta,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const plain: ColumnMeta[] = []
  const written: Record<string, unknown> = {}
  for (const [name, given] of Object.entries(values)) {
    const { column, value } = toAssignment(model, name, given)
    if (Object.hasOwn(written, column.name))
      throw new FieldError(`${column.name} is given twice in one update().`)
    assertNotVersion(model, [column])
    written[column.name] = value
    if (Expression.raw(value) === null) plain.push(column)
  }
  return Object.assign(written, validate(model, plain, written))
}
