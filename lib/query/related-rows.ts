import type { ColumnMeta, RelationMeta } from '../meta/model-meta.ts'
import { remembered } from '../util/remembered.ts'
import { lookupTree } from './lookups.ts'
import type { ParamNode, QueryState, RefNode, Step } from './nodes.ts'
import { columnRef } from './paths.ts'
import { loadedColumns } from './related.ts'
import { shapeOfStep } from './shape.ts'
import { addStep, patchState, stepsInOrder, withAnnotation, withCondition } from './state.ts'

/** The name under which `withFarKeys` gives the near side's key of a row. */
export const NEAR_KEY = 'nearKey'

/** The column on the near side of a relation whose value decides which far rows belong to it. */
export function nearColumn(relation: RelationMeta): ColumnMeta {
  if (relation.through !== null) return relation.inverse.targetColumn
  return relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
    ? (relation.keyColumn as ColumnMeta)
    : relation.targetColumn
}

/** The column on the far side that holds the near side's key; null where a join table does. */
export function farColumn(relation: RelationMeta): ColumnMeta | null {
  if (relation.through !== null) return null
  return relation.kind === 'foreignKey' || relation.kind === 'oneToOne'
    ? relation.targetColumn
    : relation.keyColumn
}

/** Where the near side's key stands, seen from the far rows. */
export function farKey(relation: RelationMeta): RefNode {
  const column = farColumn(relation)
  return column === null
    ? columnRef(relation.inverse.targetColumn, [relation.inverse])
    : columnRef(column)
}

/**
 * Only the far rows of one near row: what a related manager starts from. The next `filter()` speaks
 * of the same row of a join table. `hints` is for those who run the query.
 */
export function withFarRows(
  state: QueryState,
  relation: RelationMeta,
  key: unknown,
  hints: QueryState['hints'] = null,
): QueryState {
  const { ref, shape } = remembered(farRows, relation, farRowOf)
  const { field } = ref
  const param = Object.freeze({ kind: 'param' as const, value: field.check(key), field })
  const steps = addStep(state.steps, isFarRow(ref, param), { key: shape, leaves: [param] })
  return patchState(state, { steps, hints, isSticky: true })
}

interface FarRow {
  readonly ref: RefNode
  readonly shape: string
}

const farRows = new WeakMap<RelationMeta, FarRow>()

/** What is the same for every near row: there may be as many managers as rows. */
function farRowOf(relation: RelationMeta): FarRow {
  const ref = farKey(relation)
  const { key } = shapeOfStep(isFarRow(ref, { kind: 'param', value: null, field: ref.field }))
  return { ref, shape: key }
}

function isFarRow(ref: RefNode, param: ParamNode): Step {
  return { kind: 'filter', condition: lookupTree('exact', ref, [param]), sharesJoins: false }
}

/**
 * Only the far rows of some near rows. `NEAR_KEY` says whose each is, where no loaded column does or
 * `isTold` asks for it. What the query asks already comes after that, and its first `filter()` speaks
 * of the same row of a join table, as after a related manager.
 */
export function withFarKeys(
  state: QueryState,
  relation: RelationMeta,
  keys: readonly unknown[],
  isTold = false,
): QueryState {
  const node = farKey(relation)
  const { field } = node
  const values = keys.map((key) => field.check(key))
  const list = Object.freeze({ kind: 'list' as const, values, field })
  const begun = patchState(state, { steps: null, annotations: new Map(), isSticky: false })
  let found = withCondition(begun, lookupTree('in', node, [list]))
  const column = farColumn(relation)
  const isLoaded = column !== null && loadedColumns(state.model, state.loadMask).includes(column)
  if (isTold || !isLoaded) found = withAnnotation(found, NEAR_KEY, { node, selected: true })
  let { steps } = found
  for (const [at, step] of stepsInOrder(state.steps).entries()) {
    const isFirstFilter = at === 0 && step.kind === 'filter'
    steps = addStep(steps, isFirstFilter ? { ...step, sharesJoins: true } : step)
  }
  return patchState(found, {
    steps,
    annotations: new Map([...found.annotations, ...state.annotations]),
  })
}
