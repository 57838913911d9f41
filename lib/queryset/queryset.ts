import type { CheckCreate, CreateInput, FieldsOf, PkOf } from '../meta/row-types.ts'
import type {
  CheckConditions,
  CheckExpressions,
  CheckOrders,
  CheckPaths,
  ConditionHint,
  NamedExpressions,
  OrderHint,
  ResultsOf,
  Subquery,
  subqueryRow,
} from '../query/check-types.ts'
import type { Condition } from '../query/q.ts'
import type { Expression } from '../query/expression.ts'
import type { CheckCondition, CheckLookups } from '../query/check-types.ts'
import type { WhereHint, PathHint, PathValue } from '../query/lookup-types.ts'
import type { Simplify } from '../meta/row-types.ts'
import type {
  CheckUpdate,
  DefaultsOf,
  FlatRow,
  ListHint,
  ListRow,
  UpdateHint,
  ValuesHint,
  ValuesRow,
} from './types.ts'

type Own<Q> = Omit<Q, keyof AsyncQuerySet<unknown, unknown>>
type Reshaped<Q, M, R> = Own<Q> & (Q extends { startFetch(): unknown } ? AsyncQuerySet<M, R> : QuerySet<M, R>)

export declare class QuerySet<M, R = M> implements PromiseLike<R[]>, Subquery {
  readonly [subqueryRow]: R
  constructor(state: object)
  then<A = R[], B = never>(
    onFulfilled?: ((rows: R[]) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B>
  [Symbol.asyncIterator](): AsyncGenerator<R, void, undefined>
  fetch(): Promise<R[]>
  all(): this
  none(): this
  filter<const C extends WhereHint<M>, const Cs extends readonly ConditionHint<M>[]>(condition?: C & CheckCondition<M, C>, ...more: Cs & CheckConditions<M, Cs>): this
  exclude<const C extends WhereHint<M>, const Cs extends readonly ConditionHint<M>[]>(condition?: C & CheckCondition<M, C>, ...more: Cs & CheckConditions<M, Cs>): this
  orderBy<const Os extends readonly OrderHint<M>[]>(...terms: Os & CheckOrders<M, Os>): this
  reverse(): this
  distinct(): this
  slice(start: number, end?: number): this
  using(database: string | object): this
  timeout(ms: number): this
  signal(signal: AbortSignal): this
  values<const Ps extends readonly ValuesHint<M>[]>(...paths: Ps & CheckPaths<M, Ps>): Reshaped<this, M, ValuesRow<M, Ps>>
  valuesList<const P extends ListHint<M>>(path: P & CheckPaths<M, [P]>[0], options: { readonly flat: true }): Reshaped<this, M, FlatRow<M, P>>
  valuesList<const Ps extends readonly ListHint<M>[]>(...paths: Ps & CheckPaths<M, Ps>): Reshaped<this, M, ListRow<M, Ps>>
  get<const C extends WhereHint<M>, const Cs extends readonly ConditionHint<M>[]>(condition?: C & CheckCondition<M, C>, ...more: Cs & CheckConditions<M, Cs>): Promise<R>
  first(): Promise<R | null>
  last(): Promise<R | null>
  at(index: number): Promise<R | undefined>
  count(): Promise<number>
  exists(): Promise<boolean>
  contains(instance: M): Promise<boolean>
  aggregate<const A extends NamedExpressions>(spec: A & CheckExpressions<M, A>): Promise<Simplify<ResultsOf<M, A>>>
  inBulk(keys?: readonly PkOf<M>[]): Promise<Map<PkOf<M>, R>>
  inBulk<const P extends PathHint<M> & string>(keys: readonly PathValue<M, P>[] | undefined, options: { readonly fieldName: P }): Promise<Map<PathValue<M, P>, R>>
  create<const C extends CreateInput<FieldsOf<M>>>(input: C & CheckCreate<FieldsOf<M>, C>): Promise<M>
  update<const U extends UpdateHint<M>>(values: U & CheckUpdate<M, U>): Promise<number>
  getOrCreate<const Cs extends ConditionHint<M>>(where: Cs & CheckConditions<M, [Cs]>[0], options?: { readonly defaults?: DefaultsOf<M> }): Promise<[M, boolean]>
}
export declare class AsyncQuerySet<M, R = M> extends QuerySet<M, R> {
  startFetch(): this
  startCount(): this
}
