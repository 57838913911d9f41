/** Sequelize: models by `define`, eager loads by `include`. */
import {
  type CreationOptional,
  DataTypes,
  type InferAttributes,
  type InferCreationAttributes,
  Model,
  type ModelAttributes,
  type NonAttribute,
  Op,
  Sequelize,
} from 'sequelize'
import type { Driver, Open, Place, Session, Tally } from '../contestant.ts'

class Author extends Model<InferAttributes<Author>, InferCreationAttributes<Author>> {
  declare id: CreationOptional<number>
  declare country: string
  declare books?: NonAttribute<Book[]>
}

class Tag extends Model<InferAttributes<Tag>, InferCreationAttributes<Tag>> {
  declare id: CreationOptional<number>
  declare name: string
}

class Draft extends Model<InferAttributes<Draft>, InferCreationAttributes<Draft>> {
  declare id: CreationOptional<number>
  declare title: string
  declare pages: number
  declare price: string
  declare inStock: boolean
  declare publishedAt: Date
  declare authorId: number
}

class Book extends Draft {
  declare tags?: NonAttribute<Tag[]>
}

class SlowBook extends Draft {}

class Review extends Model<InferAttributes<Review>, InferCreationAttributes<Review>> {
  declare id: CreationOptional<number>
  declare rating: number
  declare body: string
}

const KEY = { type: DataTypes.INTEGER, primaryKey: true, autoIncrement: true } as const
const ROWS_PER_INSERT = 5_000

export const open: Open = async (driver, place) => {
  const sequelize = connected(driver, place)
  define(sequelize)
  return sessionOf(sequelize)
}

function connected(driver: Driver, { location, poolSize }: Place): Sequelize {
  const common = { logging: false, pool: { max: poolSize, min: 0 } } as const
  if (driver === 'pg') return new Sequelize(location, { ...common, dialect: 'postgres' })
  return new Sequelize({ ...common, dialect: 'sqlite', storage: location })
}

function define(sequelize: Sequelize): void {
  const optionsOf = (tableName: string) => ({ sequelize, tableName, timestamps: false })
  const author: ModelAttributes = {
    id: KEY,
    name: DataTypes.STRING,
    email: DataTypes.STRING,
    country: DataTypes.STRING,
    createdAt: { type: DataTypes.DATE, field: 'created_at' },
  }
  Author.init(author as never, optionsOf('author'))
  Tag.init({ id: KEY, name: DataTypes.STRING }, optionsOf('tag'))
  Book.init(bookAttributes(), optionsOf('book'))
  Draft.init(bookAttributes(), optionsOf('draft'))
  SlowBook.init(bookAttributes(), optionsOf('slow_book'))
  Review.init({ id: KEY, rating: DataTypes.INTEGER, body: DataTypes.TEXT }, optionsOf('review'))
  Author.hasMany(Book, { as: 'books', foreignKey: 'authorId' })
  Book.belongsTo(Author, { as: 'author', foreignKey: 'authorId' })
  Book.belongsToMany(Tag, {
    as: 'tags',
    through: 'book_tag',
    foreignKey: 'book_id',
    otherKey: 'tag_id',
    timestamps: false,
  })
}

function bookAttributes(): ModelAttributes<Draft, InferAttributes<Draft>> {
  return {
    id: KEY,
    title: DataTypes.STRING,
    pages: DataTypes.INTEGER,
    price: DataTypes.STRING,
    inStock: { type: DataTypes.BOOLEAN, field: 'in_stock' },
    publishedAt: { type: DataTypes.DATE, field: 'published_at' },
    authorId: { type: DataTypes.INTEGER, field: 'author_id' },
  }
}

function sessionOf(sequelize: Sequelize): Session {
  const matching = (authorId: number, pages: number) => ({ authorId, pages: { [Op.gt]: pages } })
  return {
    byKey: (id) => Book.findByPk(id, { rejectOnEmpty: true }),
    books: (count) => Book.findAll({ order: ['id'], limit: count }),
    joined: (country, pages) =>
      Book.findAll({
        include: { association: 'author', attributes: [], where: { country } },
        where: { pages: { [Op.gt]: pages } },
        order: [['publishedAt', 'DESC']],
        limit: 50,
      }),
    nested,
    insertMany: (books) =>
      sequelize.transaction(async (transaction) => {
        for (let at = 0; at < books.length; at += ROWS_PER_INSERT) {
          await Draft.bulkCreate(books.slice(at, at + ROWS_PER_INSERT), { transaction })
        }
      }),
    createEach: (books) =>
      sequelize.transaction(async (transaction) => {
        for (const book of books) await Draft.create({ ...book }, { transaction })
      }),
    count: (authorId, pages) => Book.count({ where: matching(authorId, pages) }),
    exists: async (authorId, pages) => {
      const row = await Book.findOne({ where: matching(authorId, pages), attributes: ['id'] })
      return row !== null
    },
    slow: (id) => SlowBook.findByPk(id, { rejectOnEmpty: true }),
    eachReview: async (onRating) => {
      for (const { rating } of await Review.findAll()) onRating(rating)
    },
    close: () => sequelize.close(),
  }
}

async function nested(count: number): Promise<Tally> {
  const authors = await Author.findAll({
    order: ['id'],
    limit: count,
    // A query of its own, which its manual advises for many rows below many.
    include: { association: 'books', separate: true, include: [{ association: 'tags' }] },
  })
  const tally = { authors: authors.length, books: 0, tags: 0 }
  for (const { books = [] } of authors) {
    for (const { tags = [] } of books) {
      tally.books++
      for (const _tag of tags) tally.tags++
    }
  }
  return tally
}
