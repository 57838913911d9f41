import type { ColumnField } from '../fields/column-field.ts'
import type { ColumnMeta, JoinStep, ModelMeta, RelationMeta } from '../meta/model-meta.ts'
import type { AggregateName, Connector, Frame, Nulls, RawOutside } from './raw.ts'
import type { FetchMode, LoadMask, RelatedTree } from './row-shape.ts'

export type {
  FetchMode,
  InstanceShape,
  LoadMask,
  RelatedBranch,
  RelatedShape,
  RelatedTree,
  RowShape,
} from './row-shape.ts'

/*
 * A query as frozen data, in two stages that share their expressions and conditions.
 *
 * 1. `QueryState` is what was asked, in the order it was asked: names are resolved to columns and
 *    relations, values are checked, but nothing is joined. Every queryset holds one.
 * 2. `SelectPlan` is what a database is to do: `ref`, `annotation` and `query` nodes are replaced
 *    by `column` and `plan` nodes, and joins are decided.
 *
 * The types refer to each other, hence one file.
 */

/** A column at the end of a path of relations, before joins are decided. */
export interface RefNode {
  readonly kind: 'ref'
  readonly hops: readonly RelationMeta[]
  readonly column: ColumnMeta
  readonly field: ColumnField
}

/** A bound value: canonical, or null. What the driver gets is made when it is compiled. */
export interface ParamNode {
  readonly kind: 'param'
  readonly value: unknown
  readonly field: ColumnField
}

/** Any number of values as one bound value. */
export interface ListNode {
  readonly kind: 'list'
  readonly values: readonly unknown[]
  readonly field: ColumnField
}

/** An operator, transform or function: `compile` knows it by name. */
export interface FuncNode {
  readonly kind: 'func'
  readonly name: string
  readonly args: readonly ExprNode[]
  readonly field: ColumnField
}

export interface AggregateNode {
  readonly kind: 'aggregate'
  readonly name: AggregateName
  /** Null for `count(*)`. */
  readonly input: ExprNode | null
  readonly distinct: boolean
  readonly sample: boolean
  readonly filter: ConditionTree | null
  readonly default: ExprNode | null
  /** Of `StringAgg`. */
  readonly delimiter: ExprNode | null
  /** In which order values that are put in a row come. */
  readonly ordering: readonly OrderNode[]
  readonly field: ColumnField
}

/** A condition as a boolean value. */
export interface ConditionNode {
  readonly kind: 'condition'
  readonly condition: ConditionTree
  readonly field: ColumnField
}

/** An annotation by its name. */
export interface AnnotationNode {
  readonly kind: 'annotation'
  readonly name: string
  readonly field: ColumnField
}

/** The one column of another query, or whether that query has rows. */
export interface QueryNode {
  readonly kind: 'query'
  readonly state: QueryState
  readonly exists: boolean
  readonly field: ColumnField
}

/** The value of the first branch whose condition holds. */
export interface CaseNode {
  readonly kind: 'case'
  readonly branches: readonly CaseBranch[]
  /** Null: NULL. */
  readonly otherwise: ExprNode | null
  readonly field: ColumnField
}

export interface CaseBranch {
  readonly condition: ConditionTree
  readonly then: ExprNode
}

/** What is of the query around this one, or of one further out: `field` is a guess until it is there. */
export interface OuterNode {
  readonly kind: 'outer'
  readonly raw: RawOutside
  /** How many queries further out: 1 for the next one. */
  readonly levels: number
  readonly field: ColumnField
}

/** An aggregate, or a function of windows, over rows near each row. */
export interface WindowNode {
  readonly kind: 'window'
  readonly input: ExprNode
  readonly partition: readonly ExprNode[]
  readonly ordering: readonly OrderNode[]
  readonly frame: Frame | null
  readonly field: ColumnField
}

/** Planned: a column of a table that is in the query. */
export interface ColumnNode {
  readonly kind: 'column'
  readonly source: Source
  readonly column: string
  readonly field: ColumnField
  /** By itself, whatever the join. */
  readonly nullable: boolean
}

/** Planned: a subquery. */
export interface PlanNode {
  readonly kind: 'plan'
  readonly plan: SelectPlan
  readonly exists: boolean
  readonly field: ColumnField
}

/** Planned: which row of those with the same value of `partition` it is, counted from 1. */
export interface RowNumberNode {
  readonly kind: 'rowNumber'
  readonly partition: ExprNode
  readonly ordering: readonly OrderNode[]
  readonly field: ColumnField
}

/** An expression; `field` says how a result of it is read. */
export type ExprNode =
  | RefNode
  | ParamNode
  | ListNode
  | FuncNode
  | AggregateNode
  | ConditionNode
  | AnnotationNode
  | QueryNode
  | CaseNode
  | OuterNode
  | WindowNode
  | ColumnNode
  | PlanNode
  | RowNumberNode

/** `left <lookup> right`. */
export interface LookupTree {
  readonly kind: 'lookup'
  readonly lookup: string
  readonly left: ExprNode
  readonly right: readonly ExprNode[]
  /** Of `isnull`: which answer is wanted. */
  readonly flag: boolean
}

export interface GroupTree {
  readonly kind: 'group'
  readonly connector: Connector
  readonly children: readonly ConditionTree[]
}

export interface NotTree {
  readonly kind: 'not'
  readonly child: ConditionTree
}

/** Known without asking the database: Django's EmptyResultSet (false) and FullResultSet (true). */
export interface ConstantTree {
  readonly kind: 'constant'
  readonly value: boolean
  /** What would have been compared: its joins are made all the same, since they make rows. */
  readonly of: ExprNode | null
}

/** A boolean expression as a condition. */
export interface BooleanTree {
  readonly kind: 'boolean'
  readonly expression: ExprNode
}

export type ConditionTree = LookupTree | GroupTree | NotTree | ConstantTree | BooleanTree

/** A path of relations under a name of its own; the rows at its end must meet a condition. */
export interface FilteredRelationMeta extends RelationMeta {
  /** The relations that the name stands for. */
  readonly path: readonly RelationMeta[]
  /** The last of the steps; its condition's paths begin where the query does. */
  readonly step: { readonly condition: ConditionTree | null }
}

/** The rows below or above those of a query, along a relation of the model to itself. */
export interface TreeWalk {
  readonly relation: RelationMeta
  readonly direction: 'down' | 'up'
  /** The keys of the rows that it begins with. */
  readonly seeds: QueryState
  readonly includesSelf: boolean
  /** Whether it counts its steps. */
  readonly hasDepth: boolean
  readonly maxDepth: number | null
}

/** What leads from a row to the place where a walk found it. */
export interface TreeRelationMeta extends RelationMeta {
  readonly walk: TreeWalk
}

/** What was asked in order; the last first, so that adding one costs nothing. */
export interface Steps {
  readonly previous: Steps | null
  readonly step: Step
  readonly length: number
  /** The shape of all steps up to this one (see `shape.ts`), and the leaves of this one. */
  readonly key: string
  readonly leaves: readonly Leaf[]
}

/** What the bound values of a query come from; a state binds its offset and its limit. */
export type Leaf = ParamNode | ListNode | QueryState

/** One `filter()`, `exclude()` or `annotate()`: the unit within which to-many joins are shared. */
export type Step =
  | {
      readonly kind: 'filter'
      readonly condition: ConditionTree
      /** Counts as one call with the filter before it. */
      readonly sharesJoins: boolean
    }
  | { readonly kind: 'annotate'; readonly name: string; readonly node: ExprNode }
  /** A relation under another name. */
  | { readonly kind: 'relate'; readonly hop: FilteredRelationMeta }
  /** Only the rows that a walk along a relation finds. */
  | { readonly kind: 'walk'; readonly hop: TreeRelationMeta }

/** One term of an ordering; null stands for a random order. */
export interface OrderNode {
  readonly node: ExprNode | null
  readonly descending: boolean
  readonly nulls: Nulls | null
}

/** A named expression of a result. */
export interface NamedNode {
  readonly name: string
  readonly node: ExprNode
}

/** What a row becomes. `position`: the number of steps there were when `values()` was called. */
export type Projection =
  | { readonly kind: 'instances' }
  | {
      readonly kind: 'values' | 'valuesList' | 'flat'
      readonly columns: readonly NamedNode[]
      readonly position: number
    }

/** What rows are grouped by. `position`: how many of the steps came before it was named. */
export interface Grouping {
  readonly columns: readonly NamedNode[]
  readonly position: number
}

export interface Annotation {
  readonly node: ExprNode
  /** Part of the rows; false for `alias()`. */
  readonly selected: boolean
}

export interface Combination {
  readonly operator: 'union' | 'intersection' | 'difference'
  readonly all: boolean
  readonly states: readonly QueryState[]
}

export interface Lock {
  readonly noWait: boolean
  readonly skipLocked: boolean
  readonly noKey: boolean
  readonly of: readonly string[]
}

/** Everything that was asked of a queryset. Frozen; `withX` functions make changed copies. */
export interface QueryState {
  readonly model: ModelMeta
  readonly steps: Steps | null
  /** How many conditions the steps have in all. */
  readonly conditions: number
  /** Null: the model's own. */
  readonly ordering: readonly OrderNode[] | null
  readonly reversed: boolean
  /** A list: DISTINCT ON. */
  readonly distinct: boolean | readonly ExprNode[]
  readonly offset: number
  readonly limit: number | null
  readonly isNone: boolean
  readonly projection: Projection
  readonly selectRelated: RelatedTree
  readonly loadMask: LoadMask | null
  readonly annotations: ReadonlyMap<string, Annotation>
  /** Relations that `FilteredRelation()` named. */
  readonly filtered: ReadonlyMap<string, FilteredRelationMeta>
  readonly groupBy: Grouping | null
  readonly combination: Combination | null
  readonly lock: Lock | null
  /** The connection's name, as `using()` gave it; null: the model's, else the default one. */
  readonly database: unknown
  readonly timeoutMs: number | null
  readonly signal: AbortSignal | null
  /** Null: the connection's default. */
  readonly fetchMode: FetchMode | null
  /** The queryset room's own: prefetches, whose related rows they are. Nothing below looks inside. */
  readonly prefetch: readonly unknown[]
  readonly hints: Readonly<Record<string, unknown>> | null
  /** The next `filter()` counts as one call with the one before. */
  readonly isSticky: boolean
}

/** A table or subquery of a plan. */
export interface Source {
  readonly alias: string
  readonly table: string
  /** Null for a join table that no model describes, and for subqueries. */
  readonly model: ModelMeta | null
}

export interface PlannedJoin {
  readonly source: Source
  readonly parent: Source
  readonly step: JoinStep
  readonly type: 'inner' | 'left'
  /** What a joined row must meet besides; null: nothing. */
  readonly condition: ConditionTree | null
  /** The walk that is joined instead of a table; null: a table. */
  readonly tree: TreePlan | null
}

/** Planned: a walk along a relation. */
export interface TreePlan extends Omit<TreeWalk, 'seeds'> {
  readonly seeds: SelectPlan
}

/** What a database is to do. */
export interface SelectPlan {
  readonly from: { readonly source: Source; readonly query: SelectPlan | CombinedPlan | null }
  readonly joins: readonly PlannedJoin[]
  /** Null: every row. */
  readonly where: ConditionTree | null
  readonly groupBy: readonly ExprNode[]
  readonly having: ConditionTree | null
  readonly select: readonly ExprNode[]
  readonly distinct: boolean
  readonly distinctOn: readonly ExprNode[]
  readonly ordering: readonly OrderNode[]
  readonly offset: number
  readonly limit: number | null
  /** The state whose offset and limit these are; null where the plan itself decides. */
  readonly window: QueryState | null
  /** The limit is the plan's own, whatever the state's is. */
  readonly hasOwnLimit?: boolean
  readonly lock: PlannedLock | null
  /** No row can match, so nothing needs to be sent. */
  readonly isEmpty: boolean
}

/** A lock of the rows of these tables; of all, where none is named. */
export type PlannedLock = Omit<Lock, 'of'> & { readonly of: readonly Source[] }

/** The rows of several queries together, as one. */
export interface CombinedPlan {
  readonly kind: 'combined'
  readonly operator: Combination['operator']
  readonly all: boolean
  readonly plans: readonly SelectPlan[]
}
