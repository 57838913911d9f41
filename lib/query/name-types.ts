import type { FieldsOf, HasFields, KeyField, PrimaryField } from '../meta/row-types.ts'
import type { Expression } from './expression.ts'
import type { EqualLookups, LookupsByFamily, WithoutSubquery } from './family-lookups.ts'
import type { Annotations, FamilyOfValue, Subquery, WhereValue } from './lookup-types.ts'

/** The lookups and transforms of each family, by name. */
type LookupNames = {
  readonly [A in keyof LookupsByFamily<unknown>]: keyof LookupsByFamily<unknown>[A] & string
}

type TransformsIn<L> = {
  [K in keyof L & string]: L[K] extends EqualLookups<unknown> ? K : never
}[keyof L & string]

/** The transforms of each family, by name. */
type TransformNames = {
  readonly [A in keyof LookupsByFamily<unknown>]: TransformsIn<LookupsByFamily<unknown>[A]>
}

/** The column that holds the values of a field; never of a many-to-many relation. */
type ColumnAt<F> = F extends { readonly kind: infer Kind }
  ? Kind extends 'column'
    ? F
    : Kind extends 'manyToMany'
      ? never
      : KeyField<F>
  : never

type FamilyAt<C> = C extends { readonly spec: { readonly family: infer A } } ? A : never

/** The name of the column of the field `F` under the property `K`. */
type ColumnName<K extends string, F> = F extends { readonly kind: infer Kind }
  ? Kind extends 'column'
    ? K
    : Kind extends 'manyToMany'
      ? never
      : `${K}Id`
  : never

type Named<K extends string, A, Names> = A extends keyof Names
  ? `${K}__${Names[A] & string}`
  : never

type OfJson<K, A> = A extends 'json' ? K : never

type Target<F> = F extends { readonly spec: { readonly target: infer M } } ? M : never

/**
 * The names that a field map gives, for editors. An interface, so that each is worked out once for
 * a model, however many calls and relations lead to it.
 */
interface FieldNames<FS> {
  /** Columns, the keys of relations and `pk`. */
  readonly columns: 'pk' | { [K in keyof FS & string]: ColumnName<K, FS[K]> }[keyof FS & string]
  readonly relations: {
    [K in keyof FS & string]: FS[K] extends { readonly kind: 'column' } ? never : K
  }[keyof FS & string]
  readonly toOne: {
    [K in keyof FS & string]: FS[K] extends { readonly kind: 'column' | 'manyToMany' } ? never : K
  }[keyof FS & string]
  /** The columns with each of their lookups. */
  readonly lookups:
    | Named<'pk', FamilyAt<PrimaryField<FS>>, LookupNames>
    | {
        [K in keyof FS & string]: Named<
          ColumnName<K, FS[K]>,
          FamilyAt<ColumnAt<FS[K]>>,
          LookupNames
        >
      }[keyof FS & string]
  readonly transforms: {
    [K in keyof FS & string]: Named<K, FamilyAt<FS[K]>, TransformNames>
  }[keyof FS & string]
  /** What one step to this model may lead to. */
  readonly near: this['columns'] | this['relations']
  /** Columns of JSON. */
  readonly json: {
    [K in keyof FS & string]: OfJson<K, FamilyAt<FS[K]>>
  }[keyof FS & string]
  /** One step along each relation. */
  readonly far: {
    [K in keyof FS & string]: FarNames<K, Target<FS[K]>>
  }[keyof FS & string]
  /** One step along each relation to one row, and on to one row. */
  readonly farToOne: {
    [K in this['toOne'] & keyof FS & string]: `${K}__${NamesOf<Target<FS[K]>>['toOne']}`
  }[this['toOne'] & keyof FS & string]
}

type NamesOf<M> = FieldNames<FieldsOf<M>>

type FarNames<K extends string, To> = [To] extends [never] ? never : `${K}__${NamesOf<To>['near']}`

/**
 * The names that the other sides of relations give to `M`. It asks for the type of every property
 * of `M`, so it is asked of the model itself only and not of related ones: a getter without a
 * declared type that filters a related model would otherwise refer to itself.
 */
interface ReverseNames<M> {
  /** What is no field, to look at as few properties as possible. */
  readonly others: Exclude<keyof M & string, NamesOf<M>['columns' | 'relations']>
  readonly relations: {
    [K in this['others'] & keyof M]: [ReverseTarget<M[K]>] extends [never] ? never : K
  }[this['others'] & keyof M]
  readonly toOne: {
    [K in this['relations'] & keyof M & string]: ReverseOne<K, M[K]>
  }[this['relations'] & keyof M & string]
  readonly far: {
    [K in this['relations'] & keyof M & string]: FarNames<K, ReverseTarget<M[K]>>
  }[this['relations'] & keyof M & string]
}

type ReverseTarget<T> = T extends { readonly '~related': { readonly model: infer To } } ? To : never

type ReverseOne<K, T> = T extends { readonly '~related': { readonly many: false } } ? K : never

type AnnotationNames<M> = keyof Annotations<M> & string

type AnnotationLookups<M> = {
  [K in AnnotationNames<M>]: Named<
    K,
    FamilyOfValue<NonNullable<Annotations<M>[K & keyof Annotations<M>]>>,
    LookupNames
  >
}[AnnotationNames<M>]

/** The columns of `M` by name, keys of relations and annotations included. */
export type ColumnKeys<M> = NamesOf<M>['columns'] | AnnotationNames<M>

/** The relations of `M` by name, forward and reverse. */
export type RelationKeys<M> = NamesOf<M>['relations'] | ReverseNames<M>['relations']

/** What no function is assignable to, which has nothing else to check. */
interface NoFunction {
  readonly [Symbol.hasInstance]?: never
}

/** What an editor offers as keys of a filter. */
interface Hints<M> {
  readonly paths:
    | ColumnKeys<M>
    | RelationKeys<M>
    | NamesOf<M>['transforms']
    | NamesOf<M>['far']
    | ReverseNames<M>['far']
  readonly lookups:
    | ColumnKeys<M>
    | NamesOf<M>['lookups']
    | AnnotationLookups<M>
    | RelationKeys<M>
    | `${RelationKeys<M>}__${'isnull' | 'in'}`
    | NamesOf<M>['far']
    | ReverseNames<M>['far']
  readonly where: { readonly [K in this['lookups']]?: unknown } & NoFunction & object
  readonly orders: this['paths'] | `-${this['paths']}` | '?'
}

/** What an editor offers as keys of a filter: own lookups, and one step along each relation. */
export type WhereHint<M> = Hints<M>['where']

/**
 * A path that was chosen elsewhere: own columns, their transforms, relations, and one step along
 * each of these.
 *
 * @example
 * const column: Path<Book> = byTitle ? 'title' : 'author__name'
 * Book.objects.valuesList(column, { flat: true })
 */
export type Path<M> = Hints<M>['paths']

/**
 * An order that was chosen elsewhere: a path, or one turned round.
 *
 * @example
 * const order: Order<Book> = newestFirst ? '-publishedAt' : 'title'
 * Book.objects.orderBy(order)
 */
export type Order<M> = Hints<M>['orders']

/** Relations, and one step along each of them. */
export type RelationPath<M> =
  | RelationKeys<M>
  | { [K in RelationKeys<M>]: `${K}__${NamesOf<FarModel<M, K>>['relations']}` }[RelationKeys<M>]

/** The relations of `M` that lead to one row at most, by name. */
export type ToOneKeys<M> = NamesOf<M>['toOne'] | ReverseNames<M>['toOne']

/** What an editor offers `selectRelated()`: relations to one row, and one step along each. */
export type RelatedHint<M> = ToOneKeys<M> | NamesOf<M>['farToOne'] | null

/** The lookups of related rows, one step along each relation. */
type FarLookups<M> = {
  [K in RelationKeys<M>]: `${K}__${FarLookupNames<FarModel<M, K>>}`
}[RelationKeys<M>]

type FarLookupNames<To> =
  | NamesOf<To>['columns']
  | NamesOf<To>['lookups']
  | NamesOf<To>['relations']
  | `${NamesOf<To>['relations']}__${'isnull' | 'in'}`

/** Columns of JSON, one step along each relation. */
type FarJson<M> = {
  [K in RelationKeys<M>]: `${K}__${NamesOf<FarModel<M, K>>['json']}`
}[RelationKeys<M>]

type FarModel<M, K extends string> = K extends keyof FieldsOf<M>
  ? Target<FieldsOf<M>[K]>
  : K extends keyof M
    ? ReverseTarget<M[K]>
    : never

/**
 * A filter over `M` that was built elsewhere: its own lookups, and those one step along each
 * relation. For longer paths there is `Q`.
 *
 * @example
 * const where: Where<Book> = onlyLive ? { status: 'live' } : {}
 * Book.objects.filter(where)
 */
export type Where<M extends HasFields<unknown>> = {
  readonly [K in Hints<M>['lookups'] | FarLookups<M>]?:
    | WhereValue<M, K>
    | Expression<unknown, Path<M>>
    | (K extends WithoutSubquery ? never : Subquery)
} & {
  readonly [K in `${NamesOf<M>['json'] | FarJson<M>}__${string}`]?: unknown
}
