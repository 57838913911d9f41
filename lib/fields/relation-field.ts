import { ImproperlyConfigured } from '../errors.ts'
import { assertOptions } from './options.ts'
import type { ModelReference, OnDelete, RelationSpec } from './relation.ts'

/** A key's default: a value, or a function that makes it. */
export type KeyDefault = string | number | bigint | (() => string | number | bigint)

/** The options of `foreignKey` and `oneToOne`. */
export interface KeyOptions<TF extends string = string, P extends boolean = boolean> {
  /** What happens to this row when the one it refers to is deleted. */
  readonly onDelete: OnDelete
  /** @default false */
  readonly null?: boolean
  readonly default?: KeyDefault
  readonly unique?: boolean
  /** @default true */
  readonly index?: boolean
  /** The key's column. @default the property's name in snake_case, and `_id` */
  readonly column?: string
  /** The name of the other side on the target. '+': there is none. */
  readonly relatedName?: string
  /** The name of the other side in lookups. @default `relatedName` */
  readonly relatedQueryName?: string
  /** The target's unique field that the key refers to. @default its primary key */
  readonly toField?: TF
  /** The key identifies this row, too. @default false */
  readonly primaryKey?: P
}

/** A key that may be null. */
export interface NullableKeyOptions<TF extends string> extends KeyOptions<TF, false> {
  readonly null: true
}

/** A key that is never null and has a default. */
export interface DefaultKeyOptions<TF extends string, P extends boolean> extends KeyOptions<TF, P> {
  readonly onDelete: Exclude<OnDelete, 'setNull'>
  readonly null?: false
  readonly default: KeyDefault
}

/** A key that must be given. */
export interface RequiredKeyOptions<TF extends string, P extends boolean>
  extends KeyOptions<TF, P> {
  readonly onDelete: Exclude<OnDelete, 'setNull' | 'setDefault'>
  readonly null?: false
  readonly default?: never
}

/** The options of `manyToMany`. */
export interface ManyToManyOptions {
  /** The name of the other side on the target. '+': there is none. */
  readonly relatedName?: string
  /** The name of the other side in lookups. @default `relatedName` */
  readonly relatedQueryName?: string
  /** The model in between, if it has one of its own. */
  readonly through?: ModelReference<unknown>
  /** The table in between. */
  readonly table?: string
  /** Its column that refers to this model. */
  readonly joinColumn?: string
  /** Its column that refers to the target. */
  readonly inverseJoinColumn?: string
  /** Of a model to itself: is a a friend of b when b is one of a. @default true there */
  readonly symmetrical?: boolean
}

type Kind = RelationSpec['kind']
type AllOptions = Partial<Omit<KeyOptions, 'default'>> & { default?: unknown } & ManyToManyOptions

const ON_DELETE: readonly string[] = Object.freeze([
  'cascade',
  'protect',
  'restrict',
  'setNull',
  'setDefault',
  'doNothing',
] satisfies OnDelete[])

/**
 * A relation as it was declared: a name and options, not yet resolved to a model. Frozen; made by
 * the builders in `fields`.
 *
 * @example fields.foreignKey(Author, { onDelete: 'cascade' }).target // Author
 */
export class RelationField<S extends RelationSpec = RelationSpec> {
  declare readonly spec: S
  readonly #brand = true
  readonly kind: S['kind']
  readonly target: ModelReference<S['target']>
  /** Undefined of a many-to-many relation only. */
  readonly onDelete: OnDelete | undefined
  readonly null: boolean
  readonly hasDefault: boolean
  /** True of a one-to-one relation and a primary key. */
  readonly unique: boolean
  readonly index: boolean
  readonly primaryKey: boolean
  readonly column: string | undefined
  readonly relatedName: string | undefined
  readonly relatedQueryName: string | undefined
  /** The field of the target that the key refers to; 'pk' is its primary key. */
  readonly toField: S['toField']
  readonly through: ModelReference<unknown> | undefined
  readonly table: string | undefined
  readonly joinColumn: string | undefined
  readonly inverseJoinColumn: string | undefined
  /** Undefined if not said: then a many-to-many relation of a model to itself is. */
  readonly symmetrical: boolean | undefined
  readonly #default: unknown

  /** @throws ImproperlyConfigured if the options contradict each other */
  constructor(kind: S['kind'], target: ModelReference<S['target']>, options: AllOptions) {
    assertReference(kind, 'the target', target)
    this.kind = kind
    this.target = target
    this.onDelete = options.onDelete
    this.null = options.null ?? false
    this.hasDefault = options.default !== undefined
    this.primaryKey = options.primaryKey ?? false
    this.unique = (options.unique ?? kind === 'oneToOne') || this.primaryKey
    this.index = options.index ?? kind !== 'manyToMany'
    this.column = options.column
    this.relatedName = options.relatedName
    this.relatedQueryName = options.relatedQueryName
    this.toField = options.toField ?? 'pk'
    this.through = options.through
    this.table = options.table
    this.joinColumn = options.joinColumn
    this.inverseJoinColumn = options.inverseJoinColumn
    this.symmetrical = options.symmetrical
    this.#default = options.default
    if (kind === 'manyToMany') this.#assertJoin()
    else this.#assertKey()
    Object.freeze(this)
  }

  /** Whether a value is a relation that this module made; looks like one is not enough. */
  static is(value: unknown): value is RelationField {
    return typeof value === 'object' && value !== null && #brand in value
  }

  /** The key of a new row that gives none; undefined without a default. */
  makeDefault(): unknown {
    return typeof this.#default === 'function' ? this.#default() : this.#default
  }

  #assertKey(): void {
    const fail = (problem: string): never => {
      throw new ImproperlyConfigured(`fields.${this.kind}: ${problem}`)
    }
    const { onDelete } = this
    if (onDelete === undefined || !ON_DELETE.includes(onDelete)) {
      fail(`onDelete is required, one of: ${ON_DELETE.join(', ')}`)
    }
    if (onDelete === 'setNull' && !this.null) fail("onDelete: 'setNull' needs null: true")
    if (onDelete === 'setDefault' && !this.hasDefault) {
      fail("onDelete: 'setDefault' needs a default")
    }
    if (this.primaryKey && this.null) fail('a primary key cannot be null')
    if (this.kind === 'oneToOne' && !this.unique) fail('unique cannot be false')
    const value = this.#default
    const isKey = ['string', 'number', 'bigint', 'function', 'undefined'].includes(typeof value)
    if (!isKey && !(value === null && this.null)) fail('default must be a key, or make one')
  }

  #assertJoin(): void {
    if (this.through === undefined) return
    assertReference(this.kind, 'through', this.through)
    if (this.table !== undefined) {
      throw new ImproperlyConfigured('fields.manyToMany: table is that of the through model')
    }
  }
}

/** Any relation, whatever its spec. */
export type AnyRelation = RelationField<RelationSpec>

function assertReference(kind: Kind, what: string, reference: unknown): void {
  if (typeof reference === 'function') return
  if (typeof reference === 'string' && reference !== '') return
  const hint =
    reference === undefined
      ? 'it is undefined here: a class that is declared later is named by a string'
      : "use a class, its name, or 'self'"
  throw new ImproperlyConfigured(`fields.${kind}: ${what} must be a model; ${hint}`)
}

const KEY_OPTIONS: readonly string[] = Object.freeze([
  'onDelete',
  'null',
  'default',
  'unique',
  'index',
  'column',
  'relatedName',
  'relatedQueryName',
  'toField',
  'primaryKey',
])
const MANY_OPTIONS: readonly string[] = Object.freeze([
  'relatedName',
  'relatedQueryName',
  'through',
  'table',
  'joinColumn',
  'inverseJoinColumn',
  'symmetrical',
])

/** The spec of a key; `NoInfer` as in `SpecOf`. */
export interface KeySpec<
  K extends Kind,
  M,
  TF extends string,
  N extends boolean,
  O extends boolean,
  P extends boolean = false,
> {
  readonly kind: K
  readonly target: M
  readonly toField: NoInfer<TF>
  readonly null: N
  readonly optional: O
  readonly primary: NoInfer<P>
}

/**
 * Many rows of this model refer to one of another, or to none with `null: true`.
 *
 * Classes that refer to themselves or to later ones are named, with their type given; since
 * TypeScript infers all type arguments or none, a `toField` is then given twice:
 * `foreignKey<Country, 'code'>('Country', { toField: 'code', … })`, and so is `primaryKey`:
 * `oneToOne<City, 'pk', true>('City', { primaryKey: true, … })`.
 *
 * @throws ImproperlyConfigured
 * @example fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' })
 * @example fields.foreignKey<Author>('self', { onDelete: 'setNull', null: true })
 */
export function foreignKey<M, const TF extends string = 'pk'>(
  to: ModelReference<M>,
  options: NullableKeyOptions<TF>,
): RelationField<KeySpec<'foreignKey', M, TF, true, true>>
export function foreignKey<M, const TF extends string = 'pk', P extends boolean = false>(
  to: ModelReference<M>,
  options: DefaultKeyOptions<TF, P>,
): RelationField<KeySpec<'foreignKey', M, TF, false, true, P>>
export function foreignKey<M, const TF extends string = 'pk', P extends boolean = false>(
  to: ModelReference<M>,
  options: RequiredKeyOptions<TF, P>,
): RelationField<KeySpec<'foreignKey', M, TF, false, false, P>>
export function foreignKey(to: ModelReference<unknown>, options: KeyOptions): RelationField {
  assertOptions('foreignKey', options, KEY_OPTIONS)
  return new RelationField('foreignKey', to, options)
}

/**
 * One row of this model refers to one of another, and no second one does.
 *
 * @throws ImproperlyConfigured
 * @example fields.oneToOne(Author, { onDelete: 'cascade', relatedName: 'profile' })
 */
export function oneToOne<M, const TF extends string = 'pk'>(
  to: ModelReference<M>,
  options: NullableKeyOptions<TF>,
): RelationField<KeySpec<'oneToOne', M, TF, true, true>>
export function oneToOne<M, const TF extends string = 'pk', P extends boolean = false>(
  to: ModelReference<M>,
  options: DefaultKeyOptions<TF, P>,
): RelationField<KeySpec<'oneToOne', M, TF, false, true, P>>
export function oneToOne<M, const TF extends string = 'pk', P extends boolean = false>(
  to: ModelReference<M>,
  options: RequiredKeyOptions<TF, P>,
): RelationField<KeySpec<'oneToOne', M, TF, false, false, P>>
export function oneToOne(to: ModelReference<unknown>, options: KeyOptions): RelationField {
  assertOptions('oneToOne', options, KEY_OPTIONS)
  return new RelationField('oneToOne', to, options)
}

/**
 * Rows of this model and of another refer to each other through a table in between.
 *
 * @throws ImproperlyConfigured
 * @example fields.manyToMany(Tag, { relatedName: 'books' })
 */
export function manyToMany<M>(
  to: ModelReference<M>,
  options: ManyToManyOptions = {},
): RelationField<KeySpec<'manyToMany', M, 'pk', false, true>> {
  assertOptions('manyToMany', options, MANY_OPTIONS)
  return new RelationField('manyToMany', to, options)
}
