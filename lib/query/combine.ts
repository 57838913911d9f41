import { FieldError, InvalidValueError } from '../errors.ts'
import { isPlainObject, ownOptions } from '../util/plain-object.ts'
import { queryStateOf } from './hooks.ts'
import { assertCombinable } from './nesting.ts'
import type { Combination, QueryState } from './nodes.ts'
import { patchState } from './state.ts'

type Operator = Combination['operator']

/**
 * The rows of this query and others together: all of them, those that are in each, or those of the
 * first that are in no other. The last argument may be `{ all: true }` for `union`, which keeps rows
 * that are there twice.
 *
 * @throws InvalidValueError for what is no queryset
 * @throws FieldError for unknown options
 */
export function withCombined(
  state: QueryState,
  operator: Operator,
  given: readonly unknown[],
): QueryState {
  const last = given[given.length - 1]
  const options = isPlainObject(last) ? ownOptions(last) : null
  const others = (options === null ? given : given.slice(0, -1)).map((other) => {
    const found = queryStateOf(other)
    if (found === null) throw new InvalidValueError(`${operator}() takes querysets.`)
    return found
  })
  const all = readAll(operator, options)
  for (const each of [state, ...others]) {
    if (each.lock !== null) {
      throw new FieldError(`${operator}() cannot be combined with selectForUpdate().`)
    }
  }
  return combined(operator, all, [state, ...others])
}

function readAll(operator: Operator, options: Readonly<Record<string, unknown>> | null): boolean {
  if (options === null) return false
  const { all = false, ...rest } = options
  const isKnown = operator === 'union' && Object.keys(rest).length === 0
  if (isKnown && typeof all === 'boolean') return all
  throw new FieldError('Only union() takes an option: { all: true }.')
}

/** Source: Django's `QuerySet.union`, `intersection`, `difference`. */
function combined(operator: Operator, all: boolean, states: readonly QueryState[]): QueryState {
  const [first] = states as [QueryState]
  if (operator === 'difference' && first.isNone) return first
  if (operator === 'intersection') {
    const none = states.find(({ isNone }) => isNone)
    if (none !== undefined) return none
  }
  const kept = states.filter(({ isNone }, at) => at === 0 || !isNone)
  const some = operator === 'union' && first.isNone && kept.length > 1 ? kept.slice(1) : kept
  const [base] = some as [QueryState]
  if (some.length === 1) return base
  const whole = patchState(base, {
    combination: Object.freeze({ operator, all, states: Object.freeze(some) }),
    ...{ steps: null, conditions: 0, ordering: NO_ORDER, reversed: false, distinct: false },
    ...{ offset: 0, limit: null, isSticky: false, hints: null },
  })
  assertCombinable(whole)
  return whole
}

const NO_ORDER: readonly never[] = Object.freeze([])
