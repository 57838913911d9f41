import { FieldError, InvalidValueError } from '../errors.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import { readOptions } from '../util/options.ts'
import { shownName } from '../util/shown-name.ts'
import { assertAlias } from './alias-names.ts'
import { FilteredHop } from './filtered-hop.ts'
import type { ConditionTree, ExprNode, QueryState, RefNode } from './nodes.ts'
import { refersOutside } from './outer-paths.ts'
import { resolvePath, type Scope } from './paths.ts'
import { Condition } from './q.ts'
import type { RawCondition } from './raw.ts'
import { resolveCondition } from './resolve.ts'
import { addStep, patchState } from './state.ts'
import { withExpressions, withParts } from './walk.ts'

/** A relation of which only some rows count; made by `FilteredRelation()`. */
export class FilteredRelationSpec<out P extends string = string, out W = unknown> {
  declare readonly types?: { readonly path: P; readonly lookups: W }
  readonly #path: string
  readonly #condition: RawCondition | null

  constructor(path: string, condition: RawCondition | null) {
    this.#path = path
    this.#condition = condition
    Object.freeze(this)
  }

  /** What a value was made of; null of anything else. */
  static read(
    value: unknown,
  ): { readonly path: string; readonly condition: RawCondition | null } | null {
    if (typeof value !== 'object' || value === null || !(#path in value)) return null
    return { path: value.#path, condition: value.#condition }
  }
}

/** Options of `FilteredRelation()`. */
export interface FilteredRelationOptions<W = unknown> {
  /** What the related rows must meet; its paths begin with the relation. @default every row */
  readonly condition?: Condition<W>
}

/**
 * A relation under a name of its own, joined by LEFT JOIN with a condition in ON: rows without such
 * related rows stay. What the name is called in `annotate()` or `alias()` is a relation in every
 * later call, in aggregates and in `selectRelated()`; each row has then one related row at most.
 *
 * Source: https://docs.djangoproject.com/en/stable/ref/models/querysets/#filteredrelation-objects
 *
 * @param path a relation, or a path of relations, of the model or of a filtered relation before it
 * @throws FieldError in `annotate()` for paths of the condition that lead anywhere else
 * @example
 * Author.objects
 *   .annotate({ long: FilteredRelation('books', { condition: Q({ books__pages__gt: 300 }) }) })
 *   .annotate({ n: Count('long') })
 * // select …, count("books"."id") as "c5" from "authors" left join "books" on
 * // "authors"."id" = "books"."author_id" and ("books"."pages" > 300) group by "authors"."id"
 */
export function FilteredRelation<const P extends string, W = never>(
  path: P,
  options: FilteredRelationOptions<W> = {},
): FilteredRelationSpec<P, W> {
  if (typeof path !== 'string' || path === '') {
    throw new FieldError('FilteredRelation() takes the name of a relation.')
  }
  const { condition } = readOptions('FilteredRelation()', options, { condition: true })
  if (condition === undefined) return new FilteredRelationSpec(path, null)
  const raw = Condition.raw(condition)
  if (raw === null) {
    throw new InvalidValueError('The condition of FilteredRelation() must be a Q.')
  }
  return new FilteredRelationSpec(path, raw)
}

/**
 * A filtered relation under a name, known to every later call.
 *
 * @throws FieldError for names that cannot be used, and for paths that lead elsewhere
 */
export function withFilteredRelation(
  state: QueryState,
  name: string,
  { path, condition }: { readonly path: string; readonly condition: RawCondition | null },
): QueryState {
  assertAlias(state, name)
  if (state.model.relations.has(name) || state.annotations.has(name)) {
    throw new FieldError(`The name '${name}' cannot be used for a relation: it is in use.`)
  }
  const scope: Scope = { model: state.model, annotations: new Map(), filtered: state.filtered }
  const found = resolvePath(scope, path)
  if (!found.endsInRelation || found.rest.length > 0 || found.node.kind !== 'ref') {
    throw new FieldError(
      `FilteredRelation() takes a path of relations only, got '${shownName(path)}'.`,
    )
  }
  const hop = new FilteredHop(name, found.node.hops)
  if (condition !== null) {
    const renamed = new Renamed(hop, path)
    hop.step.restrict(renamed.condition(resolveCondition(scope, condition)))
  }
  return patchState(state, {
    steps: addStep(state.steps, { kind: 'relate', hop }),
    filtered: new Map([...state.filtered, [name, hop]]),
  })
}

/** Conditions on a relation as conditions on the hop that stands for it. */
class Renamed {
  readonly #hop: FilteredHop
  readonly #path: string

  constructor(hop: FilteredHop, path: string) {
    this.#hop = hop
    this.#path = path
  }

  condition(tree: ConditionTree): ConditionTree {
    if (tree.kind === 'constant') return Object.freeze({ ...tree, of: null })
    if (tree.kind === 'group') {
      const children = tree.children.map((child) => this.condition(child))
      return Object.freeze({ ...tree, children: Object.freeze(children) })
    }
    if (tree.kind === 'not') return Object.freeze({ ...tree, child: this.condition(tree.child) })
    return Object.freeze(withExpressions(tree, (node) => this.#node(node)))
  }

  #node(node: ExprNode): ExprNode {
    if (node.kind === 'ref') return this.#ref(node)
    if (node.kind === 'aggregate' || node.kind === 'window') throw this.#error('no aggregates')
    if (node.kind === 'query' && refersOutside(node.state)) throw this.#error('no OuterRef')
    return withParts(node, {
      node: (part) => this.#node(part),
      condition: (tree) => this.condition(tree),
    })
  }

  #ref(ref: RefNode): RefNode {
    const { path } = this.#hop
    const { hops } = ref
    const isBelow = hops.every((each, at) => at >= path.length || each === path[at])
    const further = hops.slice(path.length)
    if (!isBelow || further.length > 1 || !further.every((each) => isKey(each, ref))) {
      throw this.#error('only columns of the rows along it')
    }
    if (hops.length < path.length) return ref
    return Object.freeze({ ...ref, hops: Object.freeze([this.#hop, ...further]) })
  }

  #error(what: string): FieldError {
    return new FieldError(
      `The condition of FilteredRelation('${shownName(this.#path)}') can have ${what}.`,
    )
  }
}

/** Whether a relation is only asked for its key, which is on the near side. */
function isKey({ kind, targetColumn }: RelationMeta, { column }: RefNode): boolean {
  return (kind === 'foreignKey' || kind === 'oneToOne') && targetColumn === column
}
