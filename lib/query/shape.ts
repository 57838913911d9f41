import type { RelationMeta } from '../meta/model-meta.ts'
import { FilteredHop } from './filtered-hop.ts'
import type {
  CaseNode,
  ConditionTree,
  ExprNode,
  FilteredRelationMeta,
  Leaf,
  LoadMask,
  NamedNode,
  OrderNode,
  OuterNode,
  Projection,
  QueryState,
  RelatedTree,
  Step,
  TreeWalk,
  WindowNode,
} from './nodes.ts'
import { flagsOf, idOf, kindOfValue } from './shape-parts.ts'
import { TreeHop } from './tree-hop.ts'

export { idOf } from './shape-parts.ts'

/**
 * What of a query decides its SQL, as a key, and what only decides its bound values: the leaves of
 * its trees, in an order that is the same for every query with the same key.
 *
 * Values are never part of a key: `in` of three and of three thousand values has one shape.
 */
export interface Shape {
  readonly key: string
  readonly leaves: readonly Leaf[]
}

/** The shape of one step, which is a part of the shape of every query that takes it. */
export function shapeOfStep(step: Step): Shape {
  const writer = new ShapeWriter()
  writer.step(step)
  return writer
}

/** The shape of a query's rows; of its count, and whatever else is asked of it without arguments. */
export function shapeOf(state: QueryState): Shape {
  const writer = new ShapeWriter()
  writer.state(state)
  return writer
}

/** The shape of a query and of expressions over its rows: what is computed, or what is set. */
export function shapeWith(state: QueryState, nodes: readonly NamedNode[]): Shape {
  const writer = new ShapeWriter()
  writer.state(state)
  writer.named(nodes)
  return writer
}

/**
 * Writes a shape, part by part. Every part starts with a letter of its kind and says how many parts
 * it has where that can differ, so that two different queries never have the same key. Text comes
 * with its length, and ids with an end.
 */
class ShapeWriter implements Shape {
  key = ''
  readonly leaves: Leaf[] = []

  state(state: QueryState): void {
    this.key += `Q${idOf(state.model)}${flagsOf(state)}`
    if (state.steps !== null) {
      this.key += `${state.steps.length}{${state.steps.key}}`
      for (let at: QueryState['steps'] = state.steps; at !== null; at = at.previous) {
        for (const leaf of at.leaves) this.leaves.push(leaf)
      }
    }
    if (state.ordering !== null) this.#ordering(state.ordering)
    if (typeof state.distinct !== 'boolean') this.#nodes('D', state.distinct)
    this.#projection(state.projection)
    if (state.offset > 0 || state.limit !== null) this.leaves.push(state)
    if (state.selectRelated.size > 0) this.#related(state.selectRelated)
    if (state.loadMask !== null) this.#mask(state.loadMask)
    for (const [name, { selected }] of state.annotations) {
      this.key += selected ? 'a' : 'h'
      this.#text(name)
    }
    if (state.groupBy !== null) {
      this.key += 'g'
      this.key += `${state.groupBy.position}`
      this.named(state.groupBy.columns)
    }
    this.#rest(state)
    this.key += ';'
  }

  /** What few queries have. */
  #rest({ combination, lock }: QueryState): void {
    if (combination !== null) {
      const { operator, all, states } = combination
      this.key += `C${operator}${all ? '+' : '.'}${states.length}`
      for (const each of states) this.state(each)
    }
    if (lock === null) return
    const flags = [lock.noWait, lock.skipLocked, lock.noKey].map(Number).join('')
    this.key += `K${flags}${lock.of.length}.`
    for (const name of lock.of) this.#text(name)
  }

  step(step: Step): void {
    switch (step.kind) {
      case 'filter':
        this.key += step.sharesJoins ? 's' : 'f'
        this.#condition(step.condition)
        return
      case 'annotate':
        this.key += 'a'
        this.#text(step.name)
        this.#node(step.node)
        return
      case 'relate':
        this.#relate(step.hop)
        return
      case 'walk':
        this.#walk(step.hop.walk)
        return
      default:
        throw unknownKind(step)
    }
  }

  #relate({ name, path, step }: FilteredRelationMeta): void {
    this.key += 'h'
    this.#text(name)
    this.key += `${path.length}.`
    for (const hop of path) this.#hop(hop)
    if (step.condition === null) this.key += '-'
    else this.#condition(step.condition)
  }

  #walk({ relation, direction, seeds, includesSelf, hasDepth, maxDepth }: TreeWalk): void {
    this.key += `w${direction}${includesSelf ? 's' : '.'}${hasDepth ? 'd' : '.'}${maxDepth}.`
    this.key += `${idOf(relation)}.`
    this.state(seeds)
  }

  /** A relation; one that is of this query only was written where it was made. */
  #hop(relation: RelationMeta): void {
    if (relation instanceof TreeHop) this.key += 'W'
    else if (!(relation instanceof FilteredHop)) this.key += `${idOf(relation)}.`
    else {
      this.key += '~'
      this.#text(relation.name)
    }
  }

  named(nodes: readonly NamedNode[]): void {
    this.key += `N${nodes.length}.`
    for (const { name, node } of nodes) {
      this.#text(name)
      this.#node(node)
    }
  }

  #ordering(ordering: readonly OrderNode[]): void {
    this.key += `O${ordering.length}.`
    for (const { node, descending, nulls } of ordering) {
      this.key += `${descending ? '-' : '+'}${nulls === null ? '' : nulls === 'first' ? 'f' : 'l'}`
      if (node === null) this.key += '?'
      else this.#node(node)
    }
  }

  #projection(projection: Projection): void {
    if (projection.kind === 'instances') return
    this.key += `P${projection.kind}${projection.position}`
    this.named(projection.columns)
  }

  #related(tree: RelatedTree): void {
    this.key += `R${tree.size}.`
    for (const [name, { relation, children }] of tree) {
      this.#text(name)
      this.#hop(relation)
      this.#related(children)
    }
  }

  #mask({ mode, columns, children }: LoadMask): void {
    this.key += `M${mode}${columns.size}.`
    for (const column of columns) this.key += `${idOf(column)}.`
    this.key += `${children.size}.`
    for (const [name, child] of children) {
      this.#text(name)
      this.#mask(child)
    }
  }

  #condition(tree: ConditionTree): void {
    switch (tree.kind) {
      case 'lookup':
        this.key += tree.flag ? 'l' : 'L'
        this.#text(tree.lookup)
        this.#node(tree.left)
        this.#nodes('', tree.right)
        return
      case 'group':
        this.key += `${tree.connector}${tree.children.length}.`
        for (const child of tree.children) this.#condition(child)
        return
      case 'not':
        this.key += 'n'
        this.#condition(tree.child)
        return
      case 'constant':
        this.key += tree.value ? 't' : 'u'
        if (tree.of !== null) this.#node(tree.of)
        else this.key += '-'
        return
      case 'boolean':
        this.key += 'b'
        this.#node(tree.expression)
        return
      default:
        throw unknownKind(tree)
    }
  }

  #nodes(kind: string, nodes: readonly ExprNode[]): void {
    this.key += `${kind}${nodes.length}.`
    for (const node of nodes) this.#node(node)
  }

  #node(node: ExprNode): void {
    switch (node.kind) {
      case 'ref':
        this.key += `r${node.hops.length}.`
        for (const hop of node.hops) this.#hop(hop)
        this.key += `${idOf(node.column)}.${idOf(node.field)}.`
        return
      case 'param':
        this.key += `p${idOf(node.field)}${kindOfValue(node.value, node.field)}`
        this.leaves.push(node)
        return
      case 'list':
        this.key += `v${idOf(node.field)}.`
        this.leaves.push(node)
        return
      case 'func':
        this.key += 'F'
        this.#text(node.name)
        this.key += `${idOf(node.field)}.`
        this.#arguments(node.name, node.args)
        return
      case 'aggregate':
        this.key += `A${node.name}${node.distinct ? 'd' : '.'}${node.sample ? 's' : '.'}`
        this.key += `${idOf(node.field)}.`
        this.#optional(node.input)
        if (node.filter !== null) this.#condition(node.filter)
        else this.key += '-'
        this.#optional(node.default)
        this.#optional(node.delimiter)
        this.#ordering(node.ordering)
        return
      case 'condition':
        this.key += `c${idOf(node.field)}.`
        this.#condition(node.condition)
        return
      case 'annotation':
        this.key += `i${idOf(node.field)}.`
        this.#text(node.name)
        return
      case 'query':
        this.key += `q${node.exists ? 'e' : '.'}${idOf(node.field)}.`
        this.state(node.state)
        return
      case 'case':
      case 'outer':
      case 'window':
        this.#rare(node)
        return
      case 'column':
      case 'plan':
      case 'rowNumber':
        throw new TypeError('A planned expression is no part of a state.')
      default:
        throw unknownKind(node)
    }
  }

  /** What few expressions have in them. */
  #rare(node: CaseNode | OuterNode | WindowNode): void {
    this.key += `${node.kind}${idOf(node.field)}.`
    if (node.kind === 'outer') {
      this.key += `${node.levels}.`
      this.#text(JSON.stringify(node.raw))
    } else if (node.kind === 'case') {
      this.key += `${node.branches.length}.`
      for (const { condition, then } of node.branches) {
        this.#condition(condition)
        this.#node(then)
      }
      this.#optional(node.otherwise)
    } else {
      this.#node(node.input)
      this.#nodes('', node.partition)
      this.#ordering(node.ordering)
      if (node.frame === null) this.key += '-'
      else this.key += `${node.frame.unit}${node.frame.start}:${node.frame.end}.`
    }
  }

  #optional(node: ExprNode | null): void {
    if (node === null) this.key += '-'
    else this.#node(node)
  }

  /** The keys of a path into JSON are names, as those of columns are, and not values. */
  #arguments(name: string, args: readonly ExprNode[]): void {
    this.#nodes('', args)
    const keys = args[1]
    if (name !== 'jsonPath' || keys?.kind !== 'list') return
    this.key += `${keys.values.length}.`
    for (const key of keys.values) this.#text(String(key))
  }

  #text(text: string): void {
    this.key += `${text.length}:${text}`
  }
}

function unknownKind(part: never): TypeError {
  return new TypeError(`A query has a part of an unknown kind: ${(part as { kind: string }).kind}.`)
}
