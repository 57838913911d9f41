import type { RelationMeta } from '../meta/model-meta.ts'
import type { ExprNode, Projection, QueryState, SelectPlan, Step } from './nodes.ts'
import { finish, PLAIN, replay } from './plan.ts'
import { COUNT_ALL } from './plan-rows.ts'
import { farKey, NEAR_KEY, withFarKeys } from './related-rows.ts'
import { addStep, isSliced, patchState, stepsInOrder, withAnnotation } from './state.ts'
import { isState } from './state-record.ts'

/*
 * A query that begins with the related rows of one instance (`withFarRows`), asked for those of many
 * instances at once.
 */

/** Whether the rows of a query of one instance's related rows can be asked for many at once. */
export function isSharable(state: QueryState): boolean {
  const { isNone, combination, lock, signal, groupBy, distinct, projection } = state
  if (isNone || combination !== null || lock !== null || signal !== null) return false
  if (groupBy !== null || typeof distinct !== 'boolean') return false
  // A slice is one of instances, which are numbered before equal ones could be left out.
  return !isSliced(state) || (projection.kind === 'instances' && !distinct)
}

/** Whether two queries ask for the same, apart from whose related rows they begin with. */
export function isSameApartFromWhose(one: QueryState, other: QueryState): boolean {
  if (one.steps?.length !== other.steps?.length) return false
  for (const name of Object.keys(one) as (keyof QueryState)[]) {
    if (name === 'steps' || name === 'hints') continue
    if (!isSameData(one[name], other[name])) return false
  }
  const others = laterSteps(other)
  return laterSteps(one).every((step, at) => isSameData(step, others[at]))
}

/** The same query for the related rows of many instances; `NEAR_KEY` says whose each row is. */
export function withPeerRows(
  state: QueryState,
  relation: RelationMeta,
  keys: readonly unknown[],
): QueryState {
  const first = withFarKeys(
    patchState(state, { steps: null, annotations: new Map(), isSticky: false, hints: null }),
    relation,
    keys,
  )
  const node = farKey(relation)
  const told = first.annotations.has(NEAR_KEY)
    ? first
    : withAnnotation(first, NEAR_KEY, { node, selected: true })
  let { steps } = told
  for (const step of laterSteps(state)) steps = addStep(steps, step)
  return patchState(told, {
    steps,
    annotations: new Map([...state.annotations, ...told.annotations]),
    projection: withNearKey(state.projection, node),
  })
}

/** The near key as one more column, the last, of rows that are no instances. */
function withNearKey(projection: Projection, { field }: ExprNode): Projection {
  if (projection.kind === 'instances') return projection
  const node: ExprNode = { kind: 'annotation', name: NEAR_KEY, field }
  return Object.freeze({
    ...projection,
    columns: [...projection.columns, { name: NEAR_KEY, node }],
    // One step more than there was comes first.
    position: projection.position + 1,
  })
}

/** For each near key that has rows: it and how many. */
export function planPeerCounts(state: QueryState): SelectPlan {
  const { key, plan } = planKeys(state, [COUNT_ALL])
  return { ...plan, groupBy: [key] }
}

/** The near keys that have rows, each once. */
export function planPeerKeys(state: QueryState): SelectPlan {
  return { ...planKeys(state, []).plan, distinct: true }
}

function planKeys(
  state: QueryState,
  more: readonly ExprNode[],
): { readonly key: ExprNode; readonly plan: SelectPlan } {
  const { planner } = replay(state, null)
  const key = planner.annotations.get(NEAR_KEY)
  if (key === undefined) throw new TypeError('This query does not tell whose rows it has.')
  return { key, plan: finish(planner, { ...PLAIN, select: [key, ...more], isNone: state.isNone }) }
}

/** All steps but the first, which says whose rows they are. */
function laterSteps({ steps }: QueryState): readonly Step[] {
  return stepsInOrder(steps).slice(1)
}

/** Whether plain data is equal; what is no plain data (a model, a signal) is only equal to itself. */
function isSameData(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true
  if (typeof one !== 'object' || typeof other !== 'object' || !one || !other) return false
  const prototype: unknown = Object.getPrototypeOf(one)
  if (prototype !== Object.getPrototypeOf(other)) return false
  if (one instanceof Date) return one.getTime() === (other as Date).getTime()
  if (one instanceof Uint8Array) return Buffer.compare(one, other as Uint8Array) === 0
  if (one instanceof Map) return isSameData([...one], [...(other as typeof one)])
  if (one instanceof Set) return isSameData([...one], [...(other as typeof one)])
  if (Array.isArray(one)) {
    const others = other as unknown[]
    return one.length === others.length && one.every((item, at) => isSameData(item, others[at]))
  }
  if (prototype !== Object.prototype && prototype !== null && !isState(one)) return false
  const names = Object.keys(one)
  return (
    names.length === Object.keys(other).length &&
    names.every((name) =>
      isSameData((one as Record<string, unknown>)[name], (other as Record<string, unknown>)[name]),
    )
  )
}
