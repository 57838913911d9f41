import { FieldError } from '../errors.ts'
import { shownColumns } from '../meta/columns.ts'
import type { ColumnMeta, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { LruMap } from '../util/lru-map.ts'
import { shownName } from '../util/shown-name.ts'
import { assertWithin } from './limits.ts'
import type { Annotation, ExprNode, RefNode } from './nodes.ts'
import { transformed } from './transforms.ts'

/** Where names are looked up. */
export interface Scope {
  readonly model: ModelMeta
  readonly annotations: ReadonlyMap<string, Annotation>
  /** Relations that `FilteredRelation()` named. */
  readonly filtered?: ReadonlyMap<string, RelationMeta>
}

/** How far a path leads by names of columns and relations. */
export interface ResolvedPath {
  readonly node: ExprNode
  /** The relation whose key this is: named itself, or by its key column. */
  readonly relation: RelationMeta | null
  /** The path ended with the relation itself, not with one of its columns. */
  readonly endsInRelation: boolean
  /** What follows: transforms, JSON keys, a lookup. */
  readonly rest: readonly string[]
  /** What messages call it: `Book.author__name`. */
  readonly label: string
}

/** Lookups that a relation itself takes: `{ author__isnull: true }`. */
export const RELATION_LOOKUPS: ReadonlySet<string> = new Set([
  'exact',
  'in',
  'isnull',
  'gt',
  'gte',
  'lt',
  'lte',
])

/** A scope of a model without annotations. */
export function modelScope(model: ModelMeta): Scope {
  return { model, annotations: NO_ANNOTATIONS }
}

const NO_ANNOTATIONS: ReadonlyMap<string, Annotation> = new Map()

/** The node of a column of the model itself. */
export function columnRef(column: ColumnMeta, hops: readonly RelationMeta[] = []): RefNode {
  return Object.freeze({ kind: 'ref', hops, column, field: column.field })
}

/** The key at the end of a path of relations; planning finds it without the last join if it can. */
export function relationRef(hops: readonly RelationMeta[]): RefNode {
  const last = hops[hops.length - 1]
  if (last === undefined) throw new FieldError('A path of relations cannot be empty.')
  const isForward = last.kind === 'foreignKey' || last.kind === 'oneToOne'
  return columnRef(isForward ? last.targetColumn : last.to.primaryKey, hops)
}

/**
 * Follows the names of a path as far as they are columns and relations.
 *
 * @throws FieldError naming the part that is unknown and what there is
 */
export function resolvePath(scope: Scope, path: string): ResolvedPath {
  return paths.of(scope, path, () => Object.freeze(follow(scope, path)))
}

/** Of each model. */
const KNOWN_TEXTS = 500

/**
 * What texts mean on a model alone. That is always the same, until models are registered: then
 * `relations` is another map.
 */
export class Meanings<T extends object> {
  readonly #known = new WeakMap<object, LruMap<string, T>>()

  /** What a text means; found out once where the scope has no names besides its model's. */
  of({ model, annotations, filtered }: Scope, text: string, findOut: () => T): T {
    if (annotations.size > 0 || (filtered !== undefined && filtered.size > 0)) return findOut()
    const { relations } = model
    let known = this.#known.get(relations)
    if (known === undefined) {
      known = new LruMap(KNOWN_TEXTS)
      this.#known.set(relations, known)
    }
    let meaning = known.get(text)
    if (meaning === undefined) {
      meaning = findOut()
      known.set(text, meaning)
    }
    return meaning
  }
}

const paths = new Meanings<ResolvedPath>()

function follow(scope: Scope, path: string): ResolvedPath {
  const parts = splitPath(path, scope.model)
  const label = `${scope.model.name}.${shownName(path)}`
  const [first = ''] = parts
  const annotation = scope.annotations.get(first)
  if (annotation !== undefined && !leadsFurther(scope.model, parts)) {
    const node: ExprNode = { kind: 'annotation', name: first, field: annotation.node.field }
    return { node, relation: null, endsInRelation: false, rest: parts.slice(1), label }
  }
  const hops: RelationMeta[] = []
  let model = scope.model
  for (const [index, part] of parts.entries()) {
    const filtered = index === 0 ? scope.filtered?.get(part) : undefined
    if (filtered !== undefined) {
      hops.push(filtered)
      model = filtered.to
      continue
    }
    const column = part === 'pk' ? model.primaryKey : model.columnsByName.get(part)
    if (column !== undefined) {
      const node = columnRef(column, Object.freeze(hops))
      const rest = parts.slice(index + 1)
      return { node, relation: column.relation, endsInRelation: false, rest, label }
    }
    const relation = model.relations.get(part)
    if (relation === undefined) {
      if (index > 0 && RELATION_LOOKUPS.has(part)) return atRelation(hops, parts, index, label)
      throw unknownName(part, model, index === 0 ? scope : null)
    }
    hops.push(relation)
    model = relation.to
  }
  return atRelation(hops, parts, parts.length, label)
}

/** Whether a path that begins with a relation's name goes on along it, annotation or not. */
function leadsFurther(model: ModelMeta, [first = '', second]: readonly string[]): boolean {
  const to = second === undefined ? undefined : model.relations.get(first)?.to
  if (to === undefined || second === undefined) return false
  return second === 'pk' || to.columnsByName.has(second) || to.relations.has(second)
}

/**
 * Follows a whole path, transforms and JSON keys included.
 *
 * @throws FieldError naming the part that is unknown and what there is
 */
export function resolveWhole(scope: Scope, path: string): ResolvedPath {
  const found = resolvePath(scope, path)
  let { node } = found
  for (const part of found.rest) {
    const next = found.endsInRelation ? null : transformed(node, part)
    if (next === null) {
      throw new FieldError(
        `Cannot resolve '${shownName(part)}' in ${found.label}: it is no transform there.`,
      )
    }
    node = next
  }
  return { ...found, node, rest: [] }
}

function splitPath(path: string, model: ModelMeta): readonly string[] {
  assertWithin('keyLength', path.length, 'The length of a path')
  const parts = path.split('__')
  assertWithin('pathParts', parts.length, 'The number of parts of a path')
  if (parts.includes('')) {
    throw new FieldError(
      `Cannot resolve '${shownName(path)}' on ${model.name}: a name is missing before or after '__'.`,
    )
  }
  return parts
}

function atRelation(
  hops: readonly RelationMeta[],
  parts: readonly string[],
  index: number,
  label: string,
): ResolvedPath {
  const relation = hops[hops.length - 1] ?? null
  const node = relationRef(Object.freeze(hops))
  return { node, relation, endsInRelation: true, rest: parts.slice(index), label }
}

/** The error for a name that a model does not have. */
export function unknownName(
  name: string,
  model: ModelMeta,
  scope: Scope | null = null,
): FieldError {
  const shown = shownName(name)
  return new FieldError(
    `Cannot resolve '${shown}' on ${model.name}. Choices are: ${choices(model, scope)}.`,
  )
}

function choices(model: ModelMeta, scope: Scope | null): string {
  const names = new Set([
    ...shownColumns(model),
    ...model.relations.keys(),
    ...(scope?.annotations.keys() ?? []),
    ...(scope?.filtered?.keys() ?? []),
  ])
  return [...names].join(', ')
}
