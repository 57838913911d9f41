import { ImproperlyConfigured } from '../errors.ts'
import { ColumnField } from '../fields/column-field.ts'
import { fields as builders } from '../fields/fields.ts'
import { RelationField } from '../fields/relation-field.ts'
import { unknownOption } from '../util/options.ts'
import { shownName } from '../util/shown-name.ts'
import {
  type Declared,
  type Incoming,
  type Linkable,
  linkIncoming,
  linkOutgoing,
  Problems,
} from './link.ts'
import type { ColumnMeta, ModelConstructor, ModelMeta, RelationMeta } from './model-meta.ts'
import { assertName, snakeCase } from './names.ts'
import { Registry } from './registry.ts'
import type { FieldMap } from './row-types.ts'

/** The third argument of `Model(table, fields, options)`. */
export interface ModelOptions {
  /** The model's name where a minifier may rename its class. Default: the name of the class. */
  readonly name?: string
  /** The order of rows where a queryset gives none: `['-publishedAt', 'id']`. */
  readonly ordering?: readonly string[]
  /** Sets of properties whose values together are unique. */
  readonly uniqueTogether?: readonly (readonly string[])[]
  readonly indexes?: readonly (readonly string[])[]
  /** What `latest()` and `earliest()` go by. */
  readonly getLatestBy?: string | readonly string[]
  /** The name of the connection that holds the table. Default: `default`. */
  readonly database?: string
}

const OPTIONS: Readonly<Record<keyof ModelOptions, 'text' | 'list' | 'either'>> = {
  name: 'text',
  ordering: 'list',
  uniqueTogether: 'list',
  indexes: 'list',
  getLatestBy: 'either',
  database: 'text',
}

/** What `Model()` was called with, and where. */
export interface ModelDefinition {
  readonly table: string
  readonly fields: FieldMap
  readonly options: ModelOptions
  readonly site: string
  /** Called when the model's relations are known, and again when there are more. */
  readonly onLink: (meta: ModelMeta) => void
}

/** The metadata of one model class. Columns are known at once, relations when all classes are. */
export class Meta implements Linkable {
  readonly name: string
  readonly table: string
  readonly modelClass: ModelConstructor
  readonly site: string
  readonly columns: readonly ColumnMeta[]
  readonly columnsByName: ReadonlyMap<string, ColumnMeta>
  readonly primaryKey: ColumnMeta
  readonly version: ColumnMeta | null
  readonly declared: readonly Declared[]
  readonly ordering: readonly string[]
  readonly uniqueTogether: readonly (readonly string[])[]
  readonly getLatestBy: string | readonly string[] | null
  readonly database: string | null
  readonly #onLink: (meta: ModelMeta) => void
  #outgoing: ReadonlyMap<string, RelationMeta> | null = null
  #linked: Linked | null = null

  constructor(definition: ModelDefinition, modelClass: ModelConstructor) {
    const { table, fields, options, site, onLink } = definition
    this.#onLink = onLink
    this.name = options.name ?? modelClass.name
    this.table = table
    this.modelClass = modelClass
    this.site = site
    const { columns, declared } = layOut(this, fields)
    this.columns = columns
    this.declared = declared
    this.columnsByName = byName(this.name, columns)
    this.primaryKey = onlyPrimaryKey(this.name, columns)
    this.version = onlyVersion(this, fields)
    this.ordering = options.ordering ?? []
    this.uniqueTogether = options.uniqueTogether ?? []
    this.getLatestBy = options.getLatestBy ?? null
    this.database = options.database ?? null
  }

  /** The relations declared on this model, by property. */
  get outgoing(): ReadonlyMap<string, RelationMeta> {
    this.#outgoing ??= linkOutgoing(this, modelFor)
    return this.#outgoing
  }

  get relations(): ReadonlyMap<string, RelationMeta> {
    return this.#link().all
  }

  get incoming(): readonly RelationMeta[] {
    return this.#link().incoming
  }

  link(): void {
    this.#link()
  }

  #link(): Linked {
    if (this.#linked === null || this.#linked.version !== registry.version) {
      const { reverse, incoming } = this.#sides()
      const sides = [...this.outgoing.values(), ...reverse]
      const all = new Map(sides.map((relation) => [relation.queryName, relation]))
      this.#linked = { version: registry.version, all, incoming }
      this.#installed()
    }
    return this.#linked
  }

  /** What is wrong with the class is told again by its next use. */
  #installed(): void {
    try {
      this.#onLink(this)
    } catch (error) {
      this.#linked = null
      throw error
    }
  }

  /** Checks the other sides of its own relations too: a mistake is told by each model it is on. */
  #sides(): Incoming {
    const problems = new Problems()
    const registered = registry.all()
    const targets = problems.try(() => [...this.outgoing.values()].map(({ to }) => to)) ?? []
    const sides = problems.try(() => linkIncoming(this, registered))
    for (const to of new Set(targets)) {
      if (to !== this) problems.try(() => linkIncoming(to as Meta, registered))
    }
    problems.throw()
    return sides as Incoming
  }
}

interface Linked extends Pick<Incoming, 'incoming'> {
  readonly version: number
  readonly all: ReadonlyMap<string, RelationMeta>
}

const registry = new Registry<Meta>()
const metas = new WeakMap<object, Meta>()
const definitions = new WeakMap<object, ModelDefinition>()

/**
 * Remembers what a base class made by `Model()` stands for.
 *
 * @throws ImproperlyConfigured for names that cannot be used, and for options there are none of.
 */
export function define(baseClass: object, definition: ModelDefinition): void {
  const where = `Model('${definition.table}')`
  for (const name of Object.keys(definition.fields)) assertName(where, name)
  assertOptions(where, definition.options)
  assertSets(where, definition)
  definitions.set(baseClass, definition)
}

/** A set with a typo would never be unique. */
function assertSets(where: string, { fields, options }: ModelDefinition): void {
  const { uniqueTogether = [], indexes = [] } = options
  const names = new Set(Object.entries(fields).flatMap(([name, field]) => columnNames(name, field)))
  if (!Object.values(fields).some((field) => field?.primaryKey)) names.add('id')
  const sets = [
    ...uniqueTogether.map((set) => ['uniqueTogether', set] as const),
    ...indexes.map((set) => ['indexes', set] as const),
  ]
  for (const [option, set] of sets) {
    if (!Array.isArray(set)) {
      throw new ImproperlyConfigured(`${where}: ${option} is a list of lists: [['name', 'email']].`)
    }
    for (const given of set as readonly unknown[]) {
      const name = option === 'indexes' ? String(given).replace(/^-/, '') : String(given)
      if (names.has(name)) continue
      throw new ImproperlyConfigured(
        `${where}: ${option} names '${shownName(name)}', which is no column. Choices are: ${[...names].join(', ')}.`,
      )
    }
  }
}

/** What a field's column is called: a foreign key by its relation too. */
function columnNames(name: string, field: unknown): readonly string[] {
  if (!(field instanceof RelationField)) return [name]
  return field.kind === 'manyToMany' ? [] : [name, `${name}Id`]
}

/** TypeScript has seen to it already, JavaScript has not: an order with a typo would be none. */
function assertOptions(where: string, options: ModelOptions): void {
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(OPTIONS, name) ? OPTIONS[name as keyof ModelOptions] : undefined
    if (kind === undefined) {
      throw new ImproperlyConfigured(unknownOption(where, name, Object.keys(OPTIONS)))
    }
    const isList = Array.isArray(value)
    if (value === undefined || (isList && kind !== 'text')) continue
    if (typeof value === 'string' && kind !== 'list') continue
    throw new ImproperlyConfigured(
      `${where}: ${name} must be ${kind === 'text' ? 'text' : 'a list: ["name"]'}.`,
    )
  }
}

/** Whether `value` is a class made with `Model()`. */
export function isModelClass(value: unknown): value is ModelConstructor {
  return typeof value === 'function' && definitionOf(value) !== null
}

/**
 * The metadata of a model class; its first call registers the class.
 *
 * @throws ImproperlyConfigured when the class was not made with `Model()`.
 */
export function metaOf(modelClass: object): Meta {
  const known = metas.get(modelClass)
  if (known !== undefined) return known
  const definition = definitionOf(modelClass)
  if (definition === null) {
    throw new ImproperlyConfigured(
      'This is not a model class. Declare one with: class Author extends Model(table, fields) {}.',
    )
  }
  const meta = new Meta(definition, modelClass as ModelConstructor)
  metas.set(modelClass, meta)
  registry.add(meta)
  return meta
}

function modelFor(reference: RelationField['target'], from: Linkable): Meta {
  return typeof reference === 'string'
    ? registry.resolve(reference, from as Meta)
    : metaOf(reference)
}

function definitionOf(modelClass: object): ModelDefinition | null {
  for (
    let at: object | null = modelClass;
    at !== null;
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const definition = definitions.get(at)
    if (definition !== undefined) return definition
  }
  return null
}

function layOut(model: Meta, map: FieldMap): { columns: ColumnMeta[]; declared: Declared[] } {
  const entries = Object.entries(map)
  const columns: ColumnMeta[] = []
  const declared: Declared[] = []
  if (!entries.some(([, field]) => field?.primaryKey)) {
    entries.unshift(['id', builders.auto()])
  }
  for (const [name, field] of entries) {
    if (field instanceof ColumnField) {
      columns.push(plainColumn(model, name, field, columns.length))
    } else if (field instanceof RelationField) {
      const column =
        field.kind === 'manyToMany' ? null : keyColumn(model, name, field, columns.length)
      if (column !== null) columns.push(column)
      declared.push({ name, field, column })
    } else {
      throw new ImproperlyConfigured(
        `${model.name}.${name} is not a field: use fields.char(…) and the like.`,
      )
    }
  }
  return { columns, declared }
}

function plainColumn(model: Meta, name: string, field: ColumnField, index: number): ColumnMeta {
  return Object.freeze({
    name,
    column: field.column ?? snakeCase(name),
    model,
    index,
    field,
    null: field.null,
    primaryKey: field.primaryKey,
    unique: field.unique,
    generated: field.generated,
    hasDefault: field.hasDefault,
    makeDefault: () => field.makeDefault(),
    relation: null,
  })
}

/** A foreign key's column; what it holds is known when its target is. */
function keyColumn(model: Meta, name: string, field: RelationField, index: number): ColumnMeta {
  let relation: RelationMeta | undefined
  return Object.freeze({
    name: `${name}Id`,
    column: field.column ?? `${snakeCase(name)}_id`,
    model,
    index,
    get field() {
      return this.relation.targetColumn.field
    },
    null: field.null,
    primaryKey: field.primaryKey,
    unique: field.unique,
    generated: false,
    hasDefault: field.hasDefault,
    makeDefault: () => field.makeDefault(),
    get relation() {
      relation ??= model.outgoing.get(name) as RelationMeta
      return relation
    },
  })
}

function byName(model: string, columns: readonly ColumnMeta[]): Map<string, ColumnMeta> {
  const named = new Map<string, ColumnMeta>()
  const inTable = new Map<string, ColumnMeta>()
  for (const column of columns) {
    const clash = named.get(column.name) ?? inTable.get(column.column)
    if (clash !== undefined) {
      throw new ImproperlyConfigured(
        `${model}.${column.name} and ${model}.${clash.name} clash: both are the property ` +
          `'${column.name}' or the column '${column.column}'.`,
      )
    }
    named.set(column.name, column)
    inTable.set(column.column, column)
  }
  return named
}

function onlyVersion({ name, columnsByName }: Meta, map: FieldMap): ColumnMeta | null {
  const names = Object.keys(map).filter((key) => {
    const field = map[key]
    return field instanceof ColumnField && field.isVersion
  })
  if (names.length < 2) return columnsByName.get(names[0] ?? '') ?? null
  throw new ImproperlyConfigured(
    `${name} has several fields.version(): ${names.join(', ')}. It can have one.`,
  )
}

function onlyPrimaryKey(model: string, columns: readonly ColumnMeta[]): ColumnMeta {
  const keys = columns.filter((column) => column.primaryKey)
  const [key] = keys
  if (key === undefined || keys.length > 1) {
    throw new ImproperlyConfigured(
      `${model} needs one primary key; ${keys.map((column) => column.name).join(', ')} are declared so.`,
    )
  }
  return key
}
