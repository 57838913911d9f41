import { FieldError } from '../errors.ts'
import type { ColumnMeta, ModelMeta } from '../meta/model-meta.ts'
import { shownName } from '../util/shown-name.ts'
import { assertWithin } from './limits.ts'
import type { LoadMask, QueryState, RelatedBranch, RelatedTree } from './nodes.ts'
import { unknownName } from './paths.ts'
import { assertNotCombined, patchState } from './state.ts'

/**
 * Loads to-one relations with the rows by joins; adds to what was asked for before.
 *
 * @throws FieldError unless every part of every path is a relation to one row
 */
export function withSelectRelated(state: QueryState, paths: readonly string[]): QueryState {
  assertNotCombined(state, 'selectRelated()')
  if (state.projection.kind !== 'instances') {
    throw new FieldError('Cannot call selectRelated() after values() or valuesList().')
  }
  let tree = state.selectRelated
  for (const path of paths) tree = follow(tree, state.model, splitPath(path), state.filtered)
  return patchState(state, { selectRelated: tree })
}

/** Loads no relations with the rows. */
export function withoutSelectRelated(state: QueryState): QueryState {
  return patchState(state, { selectRelated: new Map() })
}

function follow(
  tree: RelatedTree,
  model: ModelMeta,
  parts: readonly string[],
  filtered?: QueryState['filtered'],
): RelatedTree {
  const [name, ...rest] = parts
  if (name === undefined) return tree
  // Each row that is joined for a filtered relation is a row of the result, with one related row.
  const named = filtered?.get(name)
  const relation = named ?? model.relations.get(name)
  if (relation === undefined || (relation.toMany && named === undefined)) {
    const names = [...model.relations].filter(([, each]) => !each.toMany).map(([key]) => key)
    throw new FieldError(
      `selectRelated() cannot follow '${shownName(name)}' on ${model.name}: it is no relation ` +
        `to one row. Choices are: ${names.join(', ') || '(none)'}.`,
    )
  }
  const before = tree.get(name)?.children ?? new Map<string, RelatedBranch>()
  const branch = Object.freeze({ relation, children: follow(before, relation.to, rest) })
  return new Map([...tree, [name, branch]])
}

/**
 * Loads only the named columns; the primary key always comes with them. Replaces what was
 * deferred before.
 *
 * @throws FieldError for unknown names
 */
export function withOnly(state: QueryState, paths: readonly string[]): QueryState {
  return mask(state, 'only', paths, emptyMask('only'))
}

/** Does not load the named columns; adds to what was deferred, or takes away from `only()`. */
export function withDefer(state: QueryState, paths: readonly string[]): QueryState {
  return mask(state, 'defer', paths, state.loadMask ?? emptyMask('defer'))
}

/** Loads every column again: `defer(null)`. */
export function withoutDefer(state: QueryState): QueryState {
  return patchState(state, { loadMask: null })
}

function mask(
  state: QueryState,
  verb: 'only' | 'defer',
  paths: readonly string[],
  before: LoadMask,
): QueryState {
  assertNotCombined(state, `${verb}()`)
  if (state.projection.kind !== 'instances') {
    throw new FieldError(`Cannot call ${verb}() after values() or valuesList().`)
  }
  let loadMask = before
  for (const path of paths) loadMask = masked(loadMask, verb, state.model, splitPath(path), path)
  return patchState(state, { loadMask: paths.length === 0 && verb === 'only' ? null : loadMask })
}

function emptyMask(mode: LoadMask['mode']): LoadMask {
  return { mode, columns: new Set(), children: new Map() }
}

function masked(
  before: LoadMask,
  verb: 'only' | 'defer',
  model: ModelMeta,
  parts: readonly string[],
  path: string,
): LoadMask {
  const [name = '', ...rest] = parts
  const column = columnNamed(model, name)
  if (rest.length === 0) {
    if (column === null) throw unknownName(name, model)
    const columns = new Set(before.columns)
    if (before.mode === verb) columns.add(column)
    else columns.delete(column)
    return Object.freeze({ ...before, columns })
  }
  const relation = model.relations.get(name)
  if (relation === undefined || relation.toMany) throw unknownName(name, model)
  const child = before.children.get(name) ?? emptyMask(before.mode)
  const children = new Map([
    ...before.children,
    [name, masked(child, verb, relation.to, rest, path)],
  ])
  // The key of a relation that is followed is needed to follow it.
  const columns = new Set(before.columns)
  if (before.mode === 'only' && column !== null) columns.add(column)
  return Object.freeze({ ...before, columns, children })
}

function columnNamed(model: ModelMeta, name: string): ColumnMeta | null {
  if (name === 'pk') return model.primaryKey
  const column = model.columnsByName.get(name)
  if (column !== undefined) return column
  const relation = model.relations.get(name)
  const isForward = relation?.kind === 'foreignKey' || relation?.kind === 'oneToOne'
  return isForward ? relation.keyColumn : null
}

/** The columns of a model that are loaded under a mask, in the model's order. */
export function loadedColumns(model: ModelMeta, loadMask: LoadMask | null): readonly ColumnMeta[] {
  if (loadMask === null) return model.columns
  const { mode, columns } = loadMask
  // `only('author__name')` on the related side says nothing about this one.
  if (mode === 'only' && columns.size === 0) return model.columns
  return model.columns.filter(
    // Without its version a row could not be saved.
    (column) =>
      column.primaryKey || column === model.version || columns.has(column) === (mode === 'only'),
  )
}

function splitPath(path: unknown): readonly string[] {
  if (typeof path !== 'string') throw new FieldError('A path of relations must be text.')
  assertWithin('keyLength', path.length, 'The length of a path')
  const parts = path.split('__')
  assertWithin('pathParts', parts.length, 'The number of parts of a path')
  return parts
}
