import type { Knex } from 'knex'
import type { DialectName } from '../fields/dialect.ts'
import type { QueryState } from '../query/nodes.ts'
import { planSelect } from '../query/plan.ts'
import { buildSelect, emitterOf, type MakeRaw } from './builder.ts'
import { encoded } from './cache.ts'

/** What `toKnex()` gives. */
export type KnexBuilder = Knex.QueryBuilder

/**
 * A queryset as a builder of the user's own knex, to go on with there: unlike the ORM's own
 * statements it obeys that knex's hooks, and it runs when awaited. Columns have their names in the
 * database.
 */
export function toKnexBuilder(state: QueryState, knex: Knex, dialect: DialectName): KnexBuilder {
  const raw: MakeRaw = ({ sql, bound }) =>
    knex.raw(sql, encoded(bound) as readonly Knex.RawBinding[])
  const { plan } = planSelect(state)
  const builder = buildSelect(knex, plan, emitterOf(dialect), raw, true)
  return plan.isEmpty ? builder.whereRaw('1 = 0') : builder
}
