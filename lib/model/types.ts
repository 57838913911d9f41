import type { Database } from '../database/runner.ts'
import type { MultipleObjectsReturned, ObjectDoesNotExist } from '../errors.ts'
import type {
  AnyText,
  HasFields,
  NamesIn,
  PkOf,
  PlainRow,
  Row,
  WriteInput,
} from '../meta/row-types.ts'
import type { CreateShape, RowShape, StrictSchema, UpdateShape } from '../meta/schema-types.ts'
import type { ManyRelations } from './relation-types.ts'

/** Options of `save()`; where the names of columns are known they are checked. */
export interface SaveOptions<Name extends string = string> {
  /** Writes these properties only, of an instance that is saved already. */
  readonly fields?: readonly Name[]
  /** The connection to save to. Default: where the instance came from, else the model's. */
  readonly using?: string | Database
}

/** What `delete()` reports: how many rows in all, and of which model. */
export type DeleteReport = [total: number, byModel: Record<string, number>]

/**
 * What every instance of a model has. A class for the compiler alone, so that a spread instance
 * (`{ ...book }`) has none of it.
 */
export declare class ModelInstance<FS, Table extends string = string> implements HasFields<FS> {
  /** Its field map, that lookups and rows are typed by. */
  get '~fields'(): FS
  /** Tells an instance from a promise-like of one. */
  get '~loaded'(): true
  /** Tells instances of models with equal fields apart. */
  get '~table'(): Table
  /** The primary key, whatever its name. */
  get pk(): PkOf<HasFields<FS>>
  set pk(value: PkOf<HasFields<FS>>)
  /**
   * Inserts a new instance; updates the columns of a saved one that have changed, and sends nothing
   * when none has. Sets the key the database made.
   *
   * @throws ValidationError listing every field that is not valid, before any SQL.
   * @throws ObjectDoesNotExist when the row to update is not there any more.
   * @example
   * book.pages = 320
   * await book.save() // update "books" set "pages" = 320 where "id" = 1
   */
  save<const P extends string = never>(
    options?: SaveOptions<NamesIn<FS>['written'] | AnyText<P>>,
  ): Promise<void>
  /**
   * Deletes the row.
   *
   * @example await book.delete() // [1, { Book: 1 }]
   */
  delete(): Promise<DeleteReport>
  /**
   * Reads the row again, or some of its columns, and forgets what was changed and what was loaded
   * of its relations.
   *
   * @throws ObjectDoesNotExist when the row is not there any more.
   */
  refreshFromDb<const P extends string = never>(options?: {
    readonly fields?: readonly (NamesIn<FS>['columns'] | AnyText<P>)[]
  }): Promise<void>
  /**
   * Loads columns that `only()` or `defer()` left out, and gives the value; of several columns an
   * array of the values. One query loads them for all rows of the same result. What is loaded
   * already sends nothing.
   *
   * @throws ObjectDoesNotExist when the row is not there any more.
   * @example
   * for (const book of await Book.objects.defer('body')) {
   *   if (book.pages < 10) print(await book.load('body'))
   * } // select … from "books"; select "id", "body" from "books" where "id" in …
   */
  load<const K extends keyof PlainRow<FS>>(name: K): Promise<PlainRow<FS>[K]>
  load<const Ks extends readonly (keyof PlainRow<FS>)[]>(
    ...names: Ks
  ): Promise<{ -readonly [I in keyof Ks]: PlainRow<FS>[Ks[I]] }>
  /** The same row: the same model and key. An instance without a key equals only itself. */
  equals(other: unknown): boolean
  /** The columns, in forms that JSON can carry and the model's schemas read again. */
  toJSON(): Record<string, unknown>
}

/** An instance of the model with these fields. */
export type InstanceOf<FS, Table extends string = string> = ModelInstance<FS, Table> &
  Row<FS> &
  ManyRelations<FS>

/** The class that `Model(table, fields)` gives to extend. */
export interface ModelClass<FS, Table extends string = string> {
  new (values?: WriteInput<FS>): InstanceOf<FS, Table>
  /** A whole row. Takes what JSON can carry too; `z.toJSONSchema` works on it. */
  readonly schema: StrictSchema<RowShape<FS>>
  /** What `create()` takes, keys under their `…Id`; but no version. */
  readonly createSchema: StrictSchema<CreateShape<FS>>
  /**
   * What `update()` takes, in any part. Neither the primary key nor a version, and nothing that is
   * undefined. Which columns somebody outside may write only the program knows: `pick()` them.
   *
   * @example await books.update(Book.updateSchema.pick({ title: true, pages: true }).parse(body))
   */
  readonly updateSchema: StrictSchema<UpdateShape<FS>>
  /** Thrown by `get()` when there is no such row. */
  readonly DoesNotExist: typeof ObjectDoesNotExist
  /** Thrown by `get()` when there are several. */
  readonly MultipleObjectsReturned: typeof MultipleObjectsReturned
}
