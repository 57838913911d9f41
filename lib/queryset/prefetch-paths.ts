import { FieldError, InvalidValueError, NotSupportedError } from '../errors.ts'
import type { ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { nameProblem } from '../meta/names.ts'
import { queryStateOf } from '../query/hooks.ts'
import type { Subquery } from '../query/lookup-types.ts'
import type { QueryState } from '../query/nodes.ts'
import { assertNotCombined, isSliced } from '../query/state.ts'
import { readOptions } from '../util/options.ts'
import { ownOptions } from '../util/plain-object.ts'
import { shownName } from '../util/shown-name.ts'

/** One step of a path: a relation, and the property under which its rows are kept. */
export interface PrefetchHop {
  readonly relation: RelationMeta
  readonly property: string
}

/** A path of relations to load with the rows, and the query for the rows at its end. */
export interface PrefetchPath {
  readonly hops: readonly PrefetchHop[]
  readonly query: QueryState | null
}

/** Options of `Prefetch()`. */
export interface PrefetchOptions {
  /** Which rows: filtered, ordered, sliced for each row they belong to, with prefetches of its own. */
  readonly queryset?: object
  /** Keeps them as an array under this property, instead of under the relation. */
  readonly toAttr?: string
}

/** A relation to load with the rows, and how; made by `Prefetch()`. */
export class PrefetchSpec<
  out P extends string = string,
  out R = unknown,
  out A extends string = never,
> {
  declare readonly types?: { readonly path: P; readonly row: R; readonly attr: A }
  readonly #path: string
  readonly #options: PrefetchOptions

  constructor(path: string, options: PrefetchOptions) {
    this.#path = path
    this.#options = options
    Object.freeze(this)
  }

  /** What a value was made of; a plain path has no options. */
  static read(value: unknown): { readonly path: string; readonly options: PrefetchOptions } {
    if (typeof value === 'string') return { path: value, options: ownOptions({}) }
    if (typeof value === 'object' && value !== null && #path in value) {
      return { path: value.#path, options: value.#options }
    }
    throw new InvalidValueError("prefetchRelated() takes paths ('books__tags') and Prefetch(…).")
  }
}

/**
 * A relation to load with the rows, and how. A slice of its queryset is taken for each row that the
 * rows belong to.
 *
 * @throws FieldError when it reaches `prefetchRelated()` and does not fit.
 * @example
 * await Author.objects.prefetchRelated(
 *   Prefetch('books', { queryset: Book.objects.orderBy('-pages').slice(0, 3), toAttr: 'longest' }),
 * ) // authors whose `longest` is an array of three books at most; two queries
 */
export function Prefetch<const P extends string, Q = undefined, const A extends string = never>(
  path: P,
  options: { readonly queryset?: Q; readonly toAttr?: A } = {},
): PrefetchSpec<P, RowOf<Q>, A> {
  const own = readOptions('Prefetch()', options, { queryset: true, toAttr: true })
  return new PrefetchSpec(path, own as PrefetchOptions)
}

type RowOf<Q> = Q extends Subquery<infer R> ? R : unknown

/**
 * The paths that a query loads already, and more.
 *
 * @throws FieldError for a name that is no relation, a queryset of another model, two querysets for
 * one path, and after `values()`.
 */
export function addPrefetches(
  state: QueryState,
  values: readonly unknown[],
): readonly PrefetchPath[] {
  if (state.projection.kind !== 'instances') {
    throw new FieldError('Cannot call prefetchRelated() after values() or valuesList().')
  }
  const paths = [...(state.prefetch as readonly PrefetchPath[])]
  for (const value of values) paths.push(resolvePath(state.model, paths, value))
  return Object.freeze(paths)
}

function resolvePath(
  model: ModelMeta,
  before: readonly PrefetchPath[],
  value: unknown,
): PrefetchPath {
  const { path, options } = PrefetchSpec.read(value)
  const parts = path.split('__')
  const hops: PrefetchHop[] = []
  let at = model
  for (const part of parts) {
    const hop = keptAs(before, hops, part) ?? hopOf(at, part)
    hops.push(hop)
    at = hop.relation.to
  }
  const kept = withAttr(hops, at, options)
  return Object.freeze({ hops: kept, query: queryFor(kept, before, options) })
}

/** A step through what an earlier `toAttr` of the same path keeps. */
function keptAs(
  before: readonly PrefetchPath[],
  hops: readonly PrefetchHop[],
  part: string,
): PrefetchHop | undefined {
  const prefix = propertiesOf(hops)
  return before
    .filter((path) => path.hops.length > hops.length)
    .filter((path) => propertiesOf(path.hops.slice(0, hops.length)) === prefix)
    .map((path) => path.hops[hops.length])
    .find((hop) => hop?.property === part)
}

function hopOf(model: ModelMeta, name: string): PrefetchHop {
  const relations = [...model.relations.values()]
  const relation = relations.find((one) => one.name === name)
  if (relation !== undefined) return { relation, property: name }
  const names = relations.map((one) => one.name).join(', ')
  throw new FieldError(
    `prefetchRelated() cannot follow '${shownName(name)}' on ${model.name}: it is no relation. ` +
      `Choices are: ${names || '(none)'}.`,
  )
}

function withAttr(
  hops: readonly PrefetchHop[],
  to: ModelMeta,
  { toAttr }: PrefetchOptions,
): readonly PrefetchHop[] {
  const last = hops[hops.length - 1]
  if (toAttr === undefined || last === undefined) return hops
  const { from } = last.relation
  const problem = nameProblem(toAttr)
  if (problem !== null) throw new FieldError(`The toAttr of a Prefetch of ${to.name}: ${problem}.`)
  if (
    from.columnsByName.has(toAttr) ||
    from.relations.has(toAttr) ||
    toAttr in from.modelClass.prototype
  ) {
    throw new FieldError(
      `The toAttr '${shownName(toAttr)}' clashes with a property of ${from.name}.`,
    )
  }
  return [...hops.slice(0, -1), { ...last, property: toAttr }]
}

function queryFor(
  hops: readonly PrefetchHop[],
  before: readonly PrefetchPath[],
  { queryset }: PrefetchOptions,
): QueryState | null {
  if (queryset === undefined) return null
  const state = queryStateOf(queryset)
  const { to } = (hops[hops.length - 1] as PrefetchHop).relation
  if (state === null || state.model.table !== to.table) {
    throw new FieldError(`The queryset of this Prefetch must be one of ${to.name}.`)
  }
  if (state.projection.kind !== 'instances') {
    throw new FieldError('The queryset of a Prefetch cannot follow values() or valuesList().')
  }
  assertNotCombined(state, 'Prefetch()')
  if (isSliced(state) && state.distinct !== false) {
    throw new NotSupportedError('The queryset of a Prefetch cannot be both distinct and sliced.')
  }
  const path = propertiesOf(hops)
  if (before.some((other) => propertiesOf(other.hops.slice(0, hops.length)) === path)) {
    throw new FieldError(
      `'${shownName(path)}' is prefetched already, and cannot be with another queryset too: use toAttr.`,
    )
  }
  return state
}

/** A path as the properties that lead along it. */
export function propertiesOf(hops: readonly PrefetchHop[]): string {
  return hops.map((hop) => hop.property).join('__')
}
