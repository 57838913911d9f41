import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { planPeerCounts, planPeerKeys } from '../query/peers.ts'
import { shapeOf } from '../query/shape.ts'
import { finished } from './cache.ts'
import { draftOfPlan } from './select.ts'
import type { CompiledStatement } from './statement.ts'

/** The near keys of a query made by `withPeerRows`, each with its number of rows; null for none. */
export function compilePeerCounts(
  state: QueryState,
  dialect: DialectName,
): CompiledStatement | null {
  return finished('peerCounts', shapeOf(state), dialect, () =>
    draftOfPlan(planPeerCounts(state), dialect),
  )
}

/** The near keys of a query made by `withPeerRows` that have rows; null for none. */
export function compilePeerKeys(state: QueryState, dialect: DialectName): CompiledStatement | null {
  return finished('peerKeys', shapeOf(state), dialect, () =>
    draftOfPlan(planPeerKeys(state), dialect),
  )
}
