/** The models that the other files here speak of, as users write them. Compiled, never run. */
import { z } from 'zod'
import {
  AsyncManager,
  AsyncQuerySet,
  Count,
  fields,
  Manager,
  Model,
  QuerySet,
  type RelatedManager,
  type RelatedOne,
} from '../../lib/index.ts'

const timestamps = {
  createdAt: fields.dateTime({ autoNowAdd: true }),
  updatedAt: fields.dateTime({ autoNow: true }),
}

export class Tag extends Model('tags', { name: fields.char({ maxLength: 20 }) }) {
  static objects = new AsyncManager(Tag)
  declare readonly books: RelatedManager<Book>
}

/** Has the same fields as a tag. */
export class Genre extends Model('genres', { name: fields.char({ maxLength: 20 }) }) {
  static objects = new AsyncManager(Genre)
}

export class Author extends Model('authors', {
  name: fields.char({ maxLength: 100 }),
  email: fields.email({ null: true, unique: true }),
  mentor: fields.foreignKey<Author>('self', {
    onDelete: 'setNull',
    null: true,
    relatedName: 'students',
  }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book, BookQuerySet>
  declare readonly students: RelatedManager<Author>
  declare readonly profile: RelatedOne<Profile>

  get displayName() {
    return `${this.name} <${this.email ?? 'no address'}>`
  }

  // Without declared types, though Book and its querysets refer to this class.
  get liveBooks() {
    return this.books.filter({ status: 'live', author__name: this.name })
  }

  get ownBooks() {
    return Book.objects.filter({ author: this }).values('title', 'author__name')
  }

  countBooks() {
    return Book.objects.filter({ author: this }).count()
  }

  async titles() {
    const rows = await Book.objects.filter({ author: this.id }).values('title', 'author__name')
    return rows.map((row) => row.title)
  }

  async report() {
    return await this.books.aggregate({ books: Count('author__books') })
  }

  write(title: string) {
    return Book.objects.create({ title, publishedAt: new Date(), author: this })
  }

  adopt() {
    return Book.objects.exclude({ author: this }).update({ author: this })
  }

  static named(name: string) {
    return Author.objects.get({ name, books__title__isnull: false })
  }
}

export class Profile extends Model('profiles', {
  bio: fields.text(),
  author: fields.oneToOne(Author, { onDelete: 'cascade', relatedName: 'profile' }),
}) {
  static objects = new AsyncManager(Profile)
}

export class BookQuerySet extends AsyncQuerySet<Book> {
  live() {
    return this.filter({ status: 'live' })
  }

  longerThan(pages: number): this {
    return this.filter({ pages__gt: pages })
  }

  titled() {
    return this.live().values('title', 'author__name')
  }

  withAuthor() {
    return this.selectRelated('author')
  }

  chained() {
    return this.titled().live().longerThan(3).startFetch()
  }

  async titles() {
    const rows = await this.values('title').orderBy('title')
    return rows.map((row) => row.title)
  }

  async lengths() {
    const titles = await this.valuesList('title', { flat: true }).slice(0, 3)
    return titles.map((title) => title.length)
  }

  async authorNames() {
    const books = await this.withAuthor().live()
    return books.map((book) => book.author.name)
  }

  async newest() {
    return (await this.live().first())?.title
  }
}

export class Book extends Model(
  'books',
  {
    title: fields.char({ maxLength: 200 }),
    pages: fields.integer({ default: 0 }),
    copies: fields.bigInteger({ default: 0n }),
    rating: fields.float({ null: true }),
    price: fields.decimal({ maxDigits: 8, decimalPlaces: 2, null: true }),
    publishedAt: fields.dateTime(),
    printedOn: fields.date({ null: true }),
    readAt: fields.time({ null: true }),
    readIn: fields.duration({ null: true }),
    isbn: fields.uuid({ null: true }),
    isSigned: fields.boolean({ default: false }),
    cover: fields.binary({ null: true }),
    status: fields.choice({ choices: ['draft', 'live'], default: 'draft' }),
    data: fields.json({
      schema: z.object({ owner: z.string(), marks: z.array(z.number()) }),
      null: true,
    }),
    extra: fields.json({ default: {} }),
    author: fields.foreignKey(Author, { onDelete: 'cascade', relatedName: 'books' }),
    editor: fields.foreignKey(Author, { onDelete: 'setNull', null: true, relatedName: '+' }),
    tags: fields.manyToMany(Tag, { relatedName: 'books' }),
    ...timestamps,
  },
  { ordering: ['-publishedAt'] },
) {
  static objects = new AsyncManager(Book, BookQuerySet)
  static everything = new AsyncManager(Book)

  async authorName() {
    return (await this.author).displayName
  }

  siblings() {
    return Book.objects.filter({ author__books: this }).exclude({ pk: this.pk })
  }
}

/** A key of its own, which others refer to. */
export class Country extends Model('countries', {
  code: fields.char({ maxLength: 2, primaryKey: true }),
  name: fields.char({ maxLength: 100, unique: true }),
}) {
  static objects = new AsyncManager(Country)
}

export class City extends Model('cities', {
  name: fields.char({ maxLength: 100 }),
  country: fields.foreignKey(Country, { onDelete: 'cascade' }),
  formerly: fields.foreignKey(Country, {
    onDelete: 'setNull',
    toField: 'name',
    null: true,
    relatedName: '+',
  }),
}) {
  static objects = new AsyncManager(City)
}

/** A row that extends another: its key is the other's. */
export class Capital extends Model('capitals', {
  city: fields.oneToOne(City, { onDelete: 'cascade', primaryKey: true }),
  since: fields.date(),
}) {
  static objects = new AsyncManager(Capital)
}

export class LogQuerySet extends QuerySet<Log> {
  recent() {
    return this.orderBy('-id').slice(0, 10)
  }
}

/** Its querysets cannot be started. */
export class Log extends Model('logs', {
  id: fields.bigAuto(),
  text: fields.text(),
}) {
  static entries = new Manager(Log, LogQuerySet)
  static objects = new Manager(Log)
}
