import type { ModelMeta } from '../meta/model-meta.ts'
import type {
  Annotation,
  Combination,
  ExprNode,
  FetchMode,
  Grouping,
  LoadMask,
  Lock,
  OrderNode,
  Projection,
  QueryState,
  RelatedTree,
  Steps,
} from './nodes.ts'

/**
 * A state with a constructor of its own, since every chained call makes one: copying an object of
 * so many properties by `...` takes ten times as long.
 */
class StateRecord implements QueryState {
  readonly model: ModelMeta
  readonly steps: Steps | null
  readonly conditions: number
  readonly ordering: readonly OrderNode[] | null
  readonly reversed: boolean
  readonly distinct: boolean | readonly ExprNode[]
  readonly offset: number
  readonly limit: number | null
  readonly isNone: boolean
  readonly projection: Projection
  readonly selectRelated: RelatedTree
  readonly loadMask: LoadMask | null
  readonly annotations: ReadonlyMap<string, Annotation>
  readonly filtered: QueryState['filtered']
  readonly groupBy: Grouping | null
  readonly combination: Combination | null
  readonly lock: Lock | null
  readonly database: unknown
  readonly timeoutMs: number | null
  readonly signal: AbortSignal | null
  readonly fetchMode: FetchMode | null
  readonly prefetch: readonly unknown[]
  readonly hints: Readonly<Record<string, unknown>> | null
  readonly isSticky: boolean

  constructor(state: QueryState) {
    this.model = state.model
    this.steps = state.steps
    this.conditions = state.conditions
    this.ordering = state.ordering
    this.reversed = state.reversed
    this.distinct = state.distinct
    this.offset = state.offset
    this.limit = state.limit
    this.isNone = state.isNone
    this.projection = state.projection
    this.selectRelated = state.selectRelated
    this.loadMask = state.loadMask
    this.annotations = state.annotations
    this.filtered = state.filtered
    this.groupBy = state.groupBy
    this.combination = state.combination
    this.lock = state.lock
    this.database = state.database
    this.timeoutMs = state.timeoutMs
    this.signal = state.signal
    this.fetchMode = state.fetchMode
    this.prefetch = state.prefetch
    this.hints = state.hints
    this.isSticky = state.isSticky
  }
}

/** A copy with other values; the one way in which a state changes. */
export function patchState(state: QueryState, patch: Partial<QueryState>): QueryState {
  return Object.freeze(Object.assign(new StateRecord(state), patch))
}

/**
 * A copy with another projection, made for the number of steps before it; combined queries are
 * combined of their rows in that form.
 */
export function withProjection(
  state: QueryState,
  project: (position: number) => Projection,
): QueryState {
  const { combination } = state
  const projection = project(state.steps?.length ?? 0)
  if (combination === null) return patchState(state, { projection, loadMask: null })
  const states = combination.states.map((each) => withProjection(each, project))
  return patchState(state, {
    projection,
    loadMask: null,
    combination: Object.freeze({ ...combination, states: Object.freeze(states) }),
  })
}

/** Whether a value is a state. */
export function isState(value: unknown): value is QueryState {
  return value instanceof StateRecord
}
