import { ImproperlyConfigured } from '../errors.ts'
import { type Columns, Instance, isSaved } from '../hydrate/instance.ts'
import { namedColumn } from '../meta/columns.ts'
import { define, type ModelOptions, metaOf } from '../meta/meta.ts'
import { errorsOf, type ModelErrors } from '../meta/model-errors.ts'
import type { FieldMap, WithId } from '../meta/row-types.ts'
import { schemasOf } from '../meta/schemas.ts'
import { databaseOfInstance } from '../queryset/databases.ts'
import { deleteInstance } from '../queryset/delete-instance.ts'
import { loadColumns } from '../queryset/load-columns.ts'
import { callSite } from '../util/call-site.ts'
import { type OptionNames, readOptions } from '../util/options.ts'
import { isPlainObject, ownOptions } from '../util/plain-object.ts'
import { initialise } from './initialise.ts'
import { refresh } from './refresh.ts'
import { installRelations } from './relations.ts'
import { saveInstance } from './save.ts'
import { inTurn } from './turns.ts'
import type { DeleteReport, ModelClass, SaveOptions } from './types.ts'

/** What every model class extends, by way of `Model()`. */
class ModelBase extends Instance {
  static get schema(): object {
    return schemasOf(metaOf(this)).row
  }

  static get createSchema(): object {
    return schemasOf(metaOf(this)).create
  }

  static get updateSchema(): object {
    return schemasOf(metaOf(this)).update
  }

  static get DoesNotExist(): ModelErrors['DoesNotExist'] {
    return errorsOf(metaOf(this)).DoesNotExist
  }

  static get MultipleObjectsReturned(): ModelErrors['MultipleObjectsReturned'] {
    return errorsOf(metaOf(this)).MultipleObjectsReturned
  }

  constructor(values?: object) {
    super()
    // No default value: each row would make an object for nothing.
    if (!isSaved(this)) initialise(metaOf(new.target), columnsOf(this), values ?? {})
  }

  get pk(): unknown {
    return columnsOf(this)[metaOf(this.constructor).primaryKey.name]
  }

  set pk(value: unknown) {
    columnsOf(this)[metaOf(this.constructor).primaryKey.name] = value
  }

  async save(options: SaveOptions = {}): Promise<void> {
    await saveInstance(
      metaOf(this.constructor),
      columnsOf(this),
      readOptions('save()', options, SAVE),
    )
  }

  async delete(): Promise<DeleteReport> {
    const meta = metaOf(this.constructor)
    const db = databaseOfInstance(columnsOf(this), meta)
    return await inTurn(db, this, () => deleteInstance(db, meta, columnsOf(this)))
  }

  async refreshFromDb(options: { readonly fields?: readonly string[] } = {}): Promise<void> {
    const { fields } = readOptions('refreshFromDb()', options, { fields: true })
    await refresh(metaOf(this.constructor), columnsOf(this), fields)
  }

  async load(...names: readonly string[]): Promise<unknown> {
    const meta = metaOf(this.constructor)
    const columns = names.map((name) => namedColumn(meta, name))
    await loadColumns(meta, columnsOf(this), columns)
    const values = columns.map(({ name }) => columnsOf(this)[name])
    return values.length === 1 ? values[0] : values
  }

  equals(other: unknown): boolean {
    if (this === other) return true
    if (!Instance.is(other) || metaOf(other.constructor) !== metaOf(this.constructor)) return false
    const { field } = metaOf(this.constructor).primaryKey
    const mine = this.pk ?? null
    return mine !== null && field.equals(mine, (other as ModelBase).pk ?? null)
  }

  toJSON(): Record<string, unknown> {
    const meta = metaOf(this.constructor)
    const columns = columnsOf(this)
    return Object.fromEntries(
      Object.entries(columns).map(([name, value]) => {
        const column = meta.columnsByName.get(name)
        return [name, column === undefined ? value : column.field.toJson(value ?? null)]
      }),
    )
  }
}

const SAVE: OptionNames<SaveOptions> = { fields: true, using: true }

function columnsOf(instance: Instance): Columns {
  return instance as Columns
}

/**
 * The base class of a model. One definition gives the class its columns, types and validation.
 *
 * @param table its table; columns are the properties in snake_case unless a field says otherwise.
 * @throws ImproperlyConfigured when a field's name cannot be used, or an option is none.
 * @example
 * class Author extends Model('authors', {
 *   name: fields.char({ maxLength: 100 }),
 *   email: fields.email({ null: true, unique: true }),
 * }, { ordering: ['name'] }) {
 *   static objects = new AsyncManager(Author)
 * }
 */
export function Model<const FS extends FieldMap, const Table extends string>(
  table: Table,
  fields: FS,
  options: ModelOptions = {},
): ModelClass<WithId<FS>, Table> {
  if (typeof table !== 'string' || table === '') {
    throw new ImproperlyConfigured('Model() takes the name of a table first.')
  }
  for (const [given, what] of [
    [fields, `fields second: Model('${table}', { name: fields.text() })`],
    [options, "options third: { ordering: ['name'] }"],
  ] as const) {
    if (!isPlainObject(given)) throw new ImproperlyConfigured(`Model() takes an object of ${what}.`)
  }
  class Base extends ModelBase {}
  define(Base, {
    table,
    fields,
    options: ownOptions(options),
    site: callSite(Model),
    onLink: installRelations,
  })
  return Base as unknown as ModelClass<WithId<FS>, Table>
}
