import { FieldError, NotSupportedError } from '../errors.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import { Expression, pathExpression } from './expression.ts'
import { assertWithin } from './limits.ts'
import type {
  Annotation,
  ConditionTree,
  ExprNode,
  OrderNode,
  Projection,
  QueryState,
  Step,
  Steps,
} from './nodes.ts'
import { resolveOrdering } from './ordering.ts'
import type { Scope } from './paths.ts'
import { resolveConditions, resolveExpression } from './resolve.ts'
import { type Shape, shapeOfStep } from './shape.ts'
import { patchState } from './state-record.ts'

export { patchState } from './state-record.ts'
export { stepsOf as stepsInOrder } from './steps.ts'

/** The state of `Model.objects.all()`. */
export function initialState(model: ModelMeta): QueryState {
  const known = initialStates.get(model)
  if (known !== undefined) return known
  const blank = {
    model,
    steps: null,
    conditions: 0,
    ordering: null,
    reversed: false,
    distinct: false,
    offset: 0,
    limit: null,
    isNone: false,
    projection: INSTANCES,
    selectRelated: EMPTY_MAP,
    loadMask: null,
    annotations: EMPTY_MAP,
    filtered: EMPTY_MAP,
    groupBy: null,
    combination: null,
    lock: null,
    database: null,
    timeoutMs: null,
    signal: null,
    fetchMode: null,
    prefetch: NONE,
    hints: null,
    isSticky: false,
  }
  const state = patchState(blank, {})
  initialStates.set(model, state)
  return state
}

const initialStates = new WeakMap<ModelMeta, QueryState>()

const INSTANCES: Projection = Object.freeze({ kind: 'instances' })
const EMPTY_MAP: ReadonlyMap<string, never> = new Map<string, never>()
const NONE: readonly never[] = Object.freeze([])

/** Where the names of a state's next call are looked up. */
export function scopeOf(state: QueryState): Scope {
  return state
}

/**
 * Only rows for which all conditions hold; one call means one related row. Without any, the same
 * state.
 *
 * @throws FieldError for unknown names, and after a slice
 * @throws InvalidValueError for values that are not of the column's type
 */
export function withFilter(state: QueryState, conditions: readonly unknown[]): QueryState {
  return addCondition(state, conditions, 'filter', (condition) => condition)
}

/** Only rows for which the conditions do not hold together; rows with NULL stay. */
export function withExclude(state: QueryState, conditions: readonly unknown[]): QueryState {
  return addCondition(state, conditions, 'exclude', (child) =>
    Object.freeze({ kind: 'not', child }),
  )
}

function addCondition(
  state: QueryState,
  conditions: readonly unknown[],
  verb: string,
  wrap: (condition: ConditionTree) => ConditionTree,
): QueryState {
  assertNotCombined(state, `${verb}()`)
  const { condition, size } = resolveConditions(scopeOf(state), conditions, `${verb}()`)
  if (size === 0) return state
  if (isSliced(state)) throw new FieldError('Cannot filter a query once a slice has been taken.')
  const total = state.conditions + size
  assertWithin('conditions', total, 'The number of conditions of a query')
  const step: Step = { kind: 'filter', condition: wrap(condition), sharesJoins: state.isSticky }
  return patchState(state, {
    steps: addStep(state.steps, step),
    conditions: total,
    isSticky: false,
  })
}

/** A condition that other rooms made of columns they know; it counts as a `filter()` of its own. */
export function withCondition(state: QueryState, condition: ConditionTree): QueryState {
  const step: Step = { kind: 'filter', condition, sharesJoins: state.isSticky }
  return patchState(state, { steps: addStep(state.steps, step), isSticky: false })
}

/** An expression under a name: part of the rows where it is selected. */
export function withAnnotation(
  state: QueryState,
  name: string,
  { node, selected }: Annotation,
): QueryState {
  return patchState(state, {
    steps: addStep(state.steps, { kind: 'annotate', name, node }),
    annotations: new Map([...state.annotations, [name, Object.freeze({ node, selected })]]),
  })
}

/** A chain of steps with one more; `shape` where it is known. */
export function addStep(
  previous: Steps | null,
  step: Step,
  { key, leaves }: Shape = shapeOfStep(step),
): Steps {
  Object.freeze(step)
  const length = (previous?.length ?? 0) + 1
  return Object.freeze({ previous, step, length, key: (previous?.key ?? '') + key, leaves })
}

/** The next `filter()` counts as one call with the one before: for managers of related rows. */
export function withSticky(state: QueryState): QueryState {
  return patchState(state, { isSticky: true })
}

/** No rows, and no query for them. */
export function withNone(state: QueryState): QueryState {
  return patchState(state, { isNone: true })
}

/**
 * Ordered by paths (`'-author__name'`, `'pk'`, `'?'`), expressions and order terms; by nothing
 * without any.
 *
 * @throws FieldError for unknown names, and after a slice
 */
export function withOrdering(state: QueryState, terms: readonly unknown[]): QueryState {
  if (isSliced(state)) throw new FieldError('Cannot reorder a query once a slice has been taken.')
  const ordering = resolveOrdering(scopeOf(state), terms)
  return patchState(state, { ordering, reversed: false })
}

/** Ordered the other way round. */
export function withReverse(state: QueryState): QueryState {
  if (isSliced(state)) throw new FieldError('Cannot reverse a query once a slice has been taken.')
  return patchState(state, { reversed: !state.reversed })
}

/** Without equal rows; with paths, one row for each combination of them (PostgreSQL only). */
export function withDistinctOn(state: QueryState, terms: readonly unknown[]): QueryState {
  const scope = scopeOf(state)
  const nodes = terms.map((term) => {
    const raw = Expression.raw(term) ?? pathExpression(term)
    return resolveExpression(scope, raw)
  })
  return withDistinct(state, nodes.length === 0 ? null : Object.freeze(nodes))
}

/** The same with paths that are resolved; null for whole rows. */
export function withDistinct(state: QueryState, on: readonly ExprNode[] | null): QueryState {
  assertNotCombined(state, 'distinct()')
  if (isSliced(state)) {
    throw new FieldError('Cannot create distinct fields once a slice has been taken.')
  }
  return patchState(state, { distinct: on ?? true })
}

/**
 * The rows from `start` to before `stop`, inside the window that there is already.
 *
 * @throws RangeError unless the bounds are whole numbers of zero or more
 */
export function withSlice(state: QueryState, start: number, stop?: number): QueryState {
  assertBound(start)
  if (stop !== undefined) assertBound(stop)
  const before = state.limit === null ? Number.POSITIVE_INFINITY : state.offset + state.limit
  const high = Math.min(before, stop === undefined ? before : state.offset + stop)
  const low = Math.min(high, state.offset + start)
  if (low === high) return patchState(state, { isNone: true, offset: low, limit: 0 })
  return patchState(state, {
    offset: low,
    limit: high === Number.POSITIVE_INFINITY ? null : high - low,
  })
}

function assertBound(bound: unknown): void {
  if (Number.isSafeInteger(bound) && (bound as number) >= 0) return
  throw new RangeError(
    typeof bound === 'number' && bound < 0
      ? 'Negative indexing is not supported: reverse() the queryset instead.'
      : 'The bounds of a slice must be whole numbers of zero or more.',
  )
}

/** Whether a slice was taken, after which conditions and order are fixed. */
export function isSliced(state: QueryState): boolean {
  return state.offset > 0 || state.limit !== null
}

/** Whether rows come in an order: one that was asked for, or the model's. */
export function isOrdered(state: QueryState): boolean {
  if (state.isNone) return true
  if (state.ordering !== null) return state.ordering.length > 0
  return state.groupBy === null && state.model.ordering.length > 0
}

/**
 * Refuses what is not possible after `union` and the like.
 *
 * @throws NotSupportedError
 */
export function assertNotCombined(state: QueryState, verb: string): void {
  if (state.combination === null) return
  throw new NotSupportedError(
    `Calling ${verb} after ${state.combination.operator}() is not supported.`,
  )
}

/** The ordering in force: what was asked for, else the model's; turned round if `reverse()`d. */
export function orderingOf(state: QueryState): readonly OrderNode[] {
  const ordering = state.ordering ?? (state.groupBy === null ? modelOrdering(state.model) : [])
  return state.reversed ? ordering.map(opposite) : ordering
}

function opposite(order: OrderNode): OrderNode {
  if (order.node === null) return order
  const nulls = order.nulls === null ? null : order.nulls === 'first' ? 'last' : 'first'
  return { ...order, descending: !order.descending, nulls }
}

const modelOrderings = new WeakMap<ModelMeta, readonly OrderNode[]>()

function modelOrdering(model: ModelMeta): readonly OrderNode[] {
  if (model.ordering.length === 0) return NONE
  const known = modelOrderings.get(model)
  if (known !== undefined) return known
  const ordering = resolveOrdering({ model, annotations: EMPTY_MAP }, model.ordering)
  modelOrderings.set(model, ordering)
  return ordering
}
