/**
 * asynchrormous: the Django ORM for TypeScript on knex, whose querysets can start in the background.
 *
 * @packageDocumentation
 */

export { compilationCount, setShapeCacheSize } from './compile/cache.ts'
export type { Boundary, BoundaryKind } from './database/boundaries.ts'
export type { CapturedQuery, UnconsumedQuery } from './database/capture.ts'
export type { CaptureOptions, CaptureReportOptions } from './database/capture-queries.ts'
export { captureQueries, expectQueries } from './database/capture-queries.ts'
export type { QueryReport, RepeatedQuery } from './database/query-report.ts'
export type { AtomicOptions, DatabaseDialect, Isolation } from './database/runner.ts'
export { Database } from './database/runner.ts'
export type { Sandbox, SandboxOptions } from './database/sandbox.ts'
export { sandbox } from './database/sandbox.ts'
export type { UnconsumedReport } from './database/unconsumed.ts'
export * from './errors.ts'
export type { ArrayOptions, ArraySpec } from './fields/array.ts'
export type { ColumnSpec, Family } from './fields/column.ts'
export { ColumnField } from './fields/column-field.ts'
export type { AutoNowOptions, Either } from './fields/date.ts'
export type { DateTimeOptions } from './fields/date-time.ts'
export type { DecimalOptions } from './fields/decimal.ts'
export type { Fields } from './fields/fields.ts'
export { fields } from './fields/fields.ts'
export type { JsonOptions, JsonValue } from './fields/json.ts'
export type { AutoOptions } from './fields/numbers.ts'
export type { ColumnOptions, DefaultOf, IsOptional, SpecOf } from './fields/options.ts'
export type { RangeOptions, RangeSpec } from './fields/range.ts'
export type {
  EmptyRange,
  FilledRange,
  Range,
  RangeBounds,
  RangeInput,
} from './fields/range-value.ts'
export type { ModelReference, OnDelete, RelationSpec } from './fields/relation.ts'
export type { KeyOptions, KeySpec, ManyToManyOptions } from './fields/relation-field.ts'
export { RelationField } from './fields/relation-field.ts'
export type { CharOptions, ChoiceOptions, SizedTextOptions } from './fields/text.ts'
export type { VersionOptions, VersionSpec } from './fields/version.ts'
export type { ModelOptions } from './meta/meta.ts'
export type {
  Awaitable,
  CreateInput,
  FieldMap,
  HasFields,
  HasRelated,
  PkOf,
  PlainRow,
  Row,
  Unloaded,
  WithId,
  WriteInput,
} from './meta/row-types.ts'
export type { CreateShape, RowShape, StrictSchema, UpdateShape } from './meta/schema-types.ts'
export type {
  Migrate,
  MigrationOptions,
  MigrationResult,
  MigrationTarget,
} from './migrations/migrate.ts'
export { migrate } from './migrations/migrate.ts'
export type { ConnectOptions, UsingOptions } from './model/connect.ts'
export { atomic, connect, onCommit } from './model/connect.ts'
export type {
  BulkCreateEvent,
  BulkUpdateEvent,
  DeleteEvent,
  M2mEvent,
  SaveEvent,
  SaveEvents,
  UpdateEvent,
} from './model/hooks.ts'
export { m2mChanged, postDelete, postSave, preDelete, preSave } from './model/hooks.ts'
export { Model } from './model/model.ts'
export type {
  ManyRelations,
  RelatedManager,
  RelatedOne,
  RelatedWrites,
  ThroughOptions,
} from './model/relation-types.ts'
export type {
  DeleteReport,
  InstanceOf,
  ModelClass,
  ModelInstance,
  SaveOptions,
} from './model/types.ts'
export type {
  AggregateInput,
  AggregateOptions,
  AverageRef,
  InputValue,
  NeedsOf,
  NeverNull,
  OrDefault,
} from './query/aggregates.ts'
export { Avg, Count, Max, Min, StdDev, Sum, Variance } from './query/aggregates.ts'
export type { CaseOptions, Operand, WhenBranch } from './query/conditional.ts'
export { Case, When } from './query/conditional.ts'
export * from './query/custom-lookups.ts'
export type { DateKind, DatesOptions, DateTimeKind, DateTimesOptions } from './query/dates.ts'
export type { FExpr, Literal, Ref } from './query/expression.ts'
export { Expression, F, OrderTerm, Value } from './query/expression.ts'
export type { Searchable } from './query/family-lookups.ts'
export type { FilteredRelationOptions } from './query/filtered-relation.ts'
export { FilteredRelation, FilteredRelationSpec } from './query/filtered-relation.ts'
export { Cast } from './query/functions/cast.ts'
export { Coalesce, Collate, Greatest, Least, NullIf } from './query/functions/comparison.ts'
export type { CustomFunction, FunctionDefinition, SqlTemplate } from './query/functions/custom.ts'
export { defineFunction } from './query/functions/custom.ts'
export type { DatePart, PartFunction, TruncFunction, TruncKind } from './query/functions/dates.ts'
export {
  Extract,
  ExtractDay,
  ExtractHour,
  ExtractIsoWeekDay,
  ExtractIsoYear,
  ExtractMinute,
  ExtractMonth,
  ExtractQuarter,
  ExtractSecond,
  ExtractWeek,
  ExtractWeekDay,
  ExtractYear,
  Now,
  Trunc,
  TruncDate,
  TruncDay,
  TruncHour,
  TruncMinute,
  TruncMonth,
  TruncQuarter,
  TruncSecond,
  TruncTime,
  TruncWeek,
  TruncYear,
} from './query/functions/dates.ts'
export type { LookupDefinition, TransformDefinition } from './query/functions/extend.ts'
export { registerLookup, registerTransform } from './query/functions/extend.ts'
export { JSONArray, JSONObject, KT } from './query/functions/json.ts'
export {
  Abs,
  ACos,
  ASin,
  ATan,
  ATan2,
  Ceil,
  Cos,
  Cot,
  Degrees,
  Exp,
  Floor,
  Ln,
  Log,
  Mod,
  Pi,
  Power,
  Radians,
  Random,
  Round,
  Sign,
  Sin,
  Sqrt,
  Tan,
} from './query/functions/math.ts'
export { RawSQL } from './query/functions/raw-sql.ts'
export type {
  SearchQueryOptions,
  SearchRankOptions,
  SearchTerms,
  SearchVectorOptions,
} from './query/functions/search.ts'
export {
  SearchQuery,
  SearchRank,
  SearchVector,
  TrigramDistance,
  TrigramSimilarity,
  TrigramWordSimilarity,
} from './query/functions/search.ts'
export {
  Chr,
  Concat,
  Left,
  Length,
  Lower,
  LPad,
  LTrim,
  MD5,
  Ord,
  Repeat,
  Replace,
  Reverse,
  Right,
  RPad,
  RTrim,
  SHA1,
  SHA224,
  SHA256,
  SHA384,
  SHA512,
  StrIndex,
  Substr,
  Trim,
  Upper,
} from './query/functions/text.ts'
export type { Amount, FirstOf, Input, NullWith, Returns } from './query/functions/types.ts'
export type { ZoneOptions } from './query/functions/zone-name.ts'
export type { ListOptions } from './query/list-aggregates.ts'
export {
  AnyValue,
  ArrayAgg,
  BoolAnd,
  BoolOr,
  JSONAgg,
  StringAgg,
} from './query/list-aggregates.ts'
export type { LockOptions } from './query/lock.ts'
export type { FilteredTo } from './query/lookup-types.ts'
export type { Order, Path, Where } from './query/name-types.ts'
export type { ConditionNeed, Need, Refers } from './query/needs.ts'
export type { FetchMode } from './query/nodes.ts'
export type { Conditional } from './query/q.ts'
export { Condition, Q } from './query/q.ts'
export type { RequestQuery } from './query/request-input.ts'
export type { SafeFilterOptions, SafeOrderOptions } from './query/safe-filter.ts'
export { safeFilter, safeOrder } from './query/safe-filter.ts'
export { Exists, OuterRef, Subquery } from './query/subqueries.ts'
export type { TreeOptions } from './query/trees.ts'
export type { OffsetOptions, WindowFrame, WindowOptions } from './query/window-functions.ts'
export {
  CumeDist,
  DenseRank,
  FirstValue,
  Lag,
  LastValue,
  Lead,
  NthValue,
  Ntile,
  PercentRank,
  Rank,
  RowNumber,
  RowRange,
  ValueRange,
  Window,
} from './query/window-functions.ts'
export type {
  Aliased,
  AliasedScope,
  Annotated,
  AnnotatedScope,
  AnnotationValues,
  ModelOf,
} from './queryset/annotation-types.ts'
export type { BulkCreateOptions } from './queryset/bulk-options.ts'
export type { BulkUpdateOptions } from './queryset/bulk-update.ts'
export type { DeleteOptions } from './queryset/collector.ts'
export type { RowStream } from './queryset/create-stream.ts'
export type { WithAllColumns, WithOnly, WithoutColumns } from './queryset/deferred-types.ts'
export type { ExplainOptions } from './queryset/explain.ts'
export type { IteratorOptions } from './queryset/iterate.ts'
export type { Forwarded, ManagerOf, QuerySetClass, RawOf, RawQueries } from './queryset/manager.ts'
export { AsyncManager, Manager } from './queryset/manager.ts'
export { prefetchRelatedObjects } from './queryset/prefetch-objects.ts'
export type { PrefetchOptions, PrefetchSpec } from './queryset/prefetch-paths.ts'
export { Prefetch } from './queryset/prefetch-paths.ts'
export type { Loaded, WithPrefetched } from './queryset/prefetch-types.ts'
export type { OnProgress, Progress } from './queryset/progress.ts'
export type { OwnMethods, Reshaped, WithDepth } from './queryset/queryset.ts'
export { AsyncQuerySet, QuerySet } from './queryset/queryset.ts'
export type { RawOptions } from './queryset/raw-query-set.ts'
export { AsyncRawQuerySet, RawQuerySet } from './queryset/raw-query-set.ts'
export type { Sql, UnionOptions, UpdateInput } from './queryset/types.ts'
