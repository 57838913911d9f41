import { FieldError } from '../errors.ts'
import type { ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { shownName } from '../util/shown-name.ts'
import { assertAlias } from './alias-names.ts'
import { assertNoMember } from './annotations.ts'
import type { QueryState, TreeWalk } from './nodes.ts'
import { refersOutside } from './outer-paths.ts'
import { columnRef } from './paths.ts'
import { addStep, assertNotCombined, initialState, patchState, withAnnotation } from './state.ts'
import { withProjection } from './state-record.ts'
import { foundDepth, TreeHop } from './tree-hop.ts'

/** Options of `descendants()` and `ancestors()`. */
export interface TreeOptions<D extends string = string> {
  /** The rows that it begins with too. @default false */
  readonly includeSelf?: boolean
  /** The name under which rows say how many steps away they are. */
  readonly depth?: D
  /** How many steps at most. */
  readonly maxDepth?: number
}

const OPTIONS: OptionNames<TreeOptions> = { includeSelf: true, depth: true, maxDepth: true }
const MAX_DEPTH = 2 ** 31 - 1

/**
 * The rows below (or above) those of a query along a relation of the model to itself, as a query that
 * begins anew: of the one before only its rows, its database and its limits of time are left.
 *
 * @throws FieldError for what is no relation to itself, and for options that there are not
 */
export function withTree(
  state: QueryState,
  direction: TreeWalk['direction'],
  name: unknown,
  given: TreeOptions = {},
): QueryState {
  const verb = direction === 'down' ? 'descendants()' : 'ancestors()'
  assertRows(state, verb)
  const { includeSelf, depth, maxDepth } = readTree(given, verb)
  const relation = selfRelation(state.model, name, verb)
  const walk: TreeWalk = Object.freeze({
    relation,
    direction,
    seeds: seedsOf(state, relation),
    includesSelf: includeSelf,
    hasDepth: depth !== null || maxDepth !== null,
    maxDepth,
  })
  const hop = new TreeHop(walk)
  const { database, timeoutMs, signal, fetchMode } = state
  const found = patchState(initialState(state.model), {
    ...{ database, timeoutMs, signal, fetchMode },
    steps: addStep(null, { kind: 'walk', hop }),
  })
  if (depth === null) return found
  assertAlias(found, depth)
  assertNoMember(found, depth)
  return withAnnotation(found, depth, { node: foundDepth(hop), selected: true })
}

function assertRows(state: QueryState, verb: string): void {
  assertNotCombined(state, verb)
  if (state.projection.kind !== 'instances') {
    throw new FieldError(`Cannot call ${verb} after values() or valuesList().`)
  }
  if ([...state.annotations.values()].some(({ selected }) => selected)) {
    throw new FieldError(`Cannot call ${verb} after annotate(): annotate the rows that it finds.`)
  }
  if (refersOutside(state)) {
    throw new FieldError(`Cannot call ${verb} of rows that depend on an OuterRef().`)
  }
}

/** The keys of the rows that a walk begins with. */
function seedsOf(state: QueryState, { targetColumn }: RelationMeta): QueryState {
  const plain = patchState(state, { selectRelated: new Map(), lock: null, prefetch: [] })
  const column = Object.freeze({ name: targetColumn.name, node: columnRef(targetColumn) })
  const columns = Object.freeze([column])
  return withProjection(plain, (position) => Object.freeze({ kind: 'flat', columns, position }))
}

function selfRelation(model: ModelMeta, name: unknown, verb: string): RelationMeta {
  const own = [...model.relations].filter(
    ([, { kind, to }]) => (kind === 'foreignKey' || kind === 'oneToOne') && to === model,
  )
  const names = own.map(([each]) => each).join(', ') || '(none)'
  if (name === undefined) {
    const [only] = own
    if (only !== undefined && own.length === 1) return only[1]
    throw new FieldError(
      `${verb} needs the name of a relation of ${model.name} to itself. Choices are: ${names}.`,
    )
  }
  const found = own.find(([each]) => each === name)
  if (found !== undefined) return found[1]
  throw new FieldError(
    `${verb} cannot follow '${shownName(name)}' on ${model.name}: it is no key of ` +
      `another row of it. Choices are: ${names}.`,
  )
}

interface Options {
  readonly includeSelf: boolean
  readonly depth: string | null
  readonly maxDepth: number | null
}

function readTree(given: TreeOptions, verb: string): Options {
  const { includeSelf = false, depth = null, maxDepth = null } = readOptions(verb, given, OPTIONS)
  if (typeof includeSelf !== 'boolean') {
    throw new FieldError(`The option includeSelf of ${verb} is true or false.`)
  }
  if (depth !== null && typeof depth !== 'string') {
    throw new FieldError(`The option depth of ${verb} is a name.`)
  }
  const isCount = Number.isSafeInteger(maxDepth) && (maxDepth as number) > 0
  if (maxDepth !== null && !(isCount && (maxDepth as number) <= MAX_DEPTH)) {
    throw new FieldError(`The option maxDepth of ${verb} is a whole number of 1 or more.`)
  }
  return { includeSelf, depth, maxDepth: maxDepth as number | null }
}
