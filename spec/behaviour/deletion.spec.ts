/**
 * `queryset.delete()` and `instance.delete()`: what becomes of the rows that refer to the deleted
 * ones. The tables have foreign keys that the database checks at once and does nothing about,
 * unless a story says otherwise. Statements are counted without BEGIN and COMMIT.
 */
import { expect } from 'chai'
import {
  AsyncManager,
  atomic,
  Count,
  FieldError,
  ForeignKeyViolation,
  fields,
  InvalidValueError,
  Model,
  ProtectedError,
  type RelatedManager,
  RestrictedError,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { isControl, useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

const onDelete = 'cascade'

// ---------- a library: keys of every rule

class Publisher extends Model('publishers', { name: fields.char({ maxLength: 50 }) }) {
  static objects = new AsyncManager(Publisher)
}
class Author extends Model('authors', {
  name: fields.char({ maxLength: 50, default: '' }),
  publisher: fields.foreignKey(Publisher, { onDelete, null: true, relatedName: 'authors' }),
}) {
  static objects = new AsyncManager(Author)
  declare readonly books: RelatedManager<Book>
}
class Book extends Model('books', {
  title: fields.char({ maxLength: 50, default: '' }),
  author: fields.foreignKey(Author, { onDelete, relatedName: 'books' }),
  editor: fields.foreignKey(Author, { onDelete: 'setNull', null: true }),
  owner: fields.foreignKey(Author, { onDelete: 'setDefault', default: () => 90 }),
}) {
  static objects = new AsyncManager(Book)
}
class Chapter extends Model('chapters', {
  book: fields.foreignKey(Book, { onDelete }),
  author: fields.foreignKey(Author, { onDelete, null: true }),
}) {
  static objects = new AsyncManager(Chapter)
}
class Contract extends Model('contracts', {
  author: fields.foreignKey(Author, { onDelete: 'protect', null: true }),
  book: fields.foreignKey(Book, { onDelete: 'protect', null: true }),
}) {
  static objects = new AsyncManager(Contract)
}
class Loan extends Model('loans', {
  author: fields.foreignKey(Author, { onDelete: 'restrict', null: true }),
  book: fields.foreignKey(Book, { onDelete: 'restrict', null: true }),
  publisher: fields.foreignKey(Publisher, { onDelete, null: true }),
}) {
  static objects = new AsyncManager(Loan)
}
class Mention extends Model('mentions', {
  author: fields.foreignKey(Author, { onDelete: 'doNothing', null: true }),
}) {
  static objects = new AsyncManager(Mention)
}

describeOnEach('delete() by the rules of foreign keys', (kind) => {
  const stage = useSchema(
    kind,
    [Publisher, Author, Book, Chapter, Contract, Loan, Mention],
    async (knex) => {
      await knex.schema
        .createTable('publishers', (table) => {
          table.integer('id').primary()
          table.string('name', 50).notNullable().defaultTo('')
        })
        .createTable('authors', (table) => {
          table.integer('id').primary()
          table.string('name', 50).notNullable().defaultTo('')
          table.integer('publisher_id').index().references('publishers.id')
        })
        .createTable('books', (table) => {
          table.integer('id').primary()
          table.string('title', 50).notNullable().defaultTo('')
          table.integer('author_id').notNullable().index().references('authors.id')
          table.integer('editor_id').index().references('authors.id')
          table.integer('owner_id').notNullable().index().references('authors.id')
        })
        .createTable('chapters', (table) => {
          table.integer('id').primary()
          table.integer('book_id').notNullable().index().references('books.id')
          table.integer('author_id').index().references('authors.id')
        })
        .createTable('contracts', (table) => {
          table.integer('id').primary()
          table.integer('author_id').index().references('authors.id')
          table.integer('book_id').index().references('books.id')
        })
        .createTable('loans', (table) => {
          table.integer('id').primary()
          table.integer('author_id').index().references('authors.id')
          table.integer('book_id').index().references('books.id')
          table.integer('publisher_id').index().references('publishers.id')
        })
        .createTable('mentions', (table) => {
          table.integer('id').primary()
          table.integer('author_id').index().references('authors.id')
        })
    },
  )

  /** Authors 1 and 2, who wrote book 10 and books 20, 21; author 90 owns all of them. */
  async function fill(): Promise<void> {
    await stage.insert('authors', { id: 1 }, { id: 2 }, { id: 90 })
    await stage.insert(
      'books',
      { id: 10, author_id: 1, owner_id: 90 },
      { id: 20, author_id: 2, owner_id: 90 },
      { id: 21, author_id: 2, owner_id: 90 },
    )
    await stage.insert('chapters', { id: 100, book_id: 10 }, { id: 200, book_id: 20 })
  }
  const author = (id: number) => Author.objects.get({ id })
  // What deleting an author asks: books, contracts of both, loans of both; chapters, books, authors
  // are deleted, editors and owners updated.
  const ALL_OF_AUTHOR = 10

  describe('nothing refers to the rows', () => {
    beforeEach(fill)

    it('a queryset is one statement and no transaction', async () => {
      const sql = await stage.sqlOf(async () => {
        expect(await Chapter.objects.filter({ id__gt: 100 }).delete()).to.deep.equal([
          1,
          { Chapter: 1 },
        ])
      })
      expect(sql).to.have.lengthOf(1)
      expect(sql[0]).to.match(/^delete from .chapters. where .chapters.\..id. > /)
      expect(await stage.left('chapters')).to.deep.equal([100])
    })

    it('also with conditions on relations', async () => {
      const chapters = Chapter.objects.filter({ book__author: 2 })
      expect(await stage.sends(1, () => chapters.delete())).to.deep.equal([1, { Chapter: 1 }])
      expect(await stage.left('chapters')).to.deep.equal([100])
    })

    it('an instance is one statement and no transaction', async () => {
      const chapter = await Chapter.objects.get({ id: 100 })
      const sql = await stage.sqlOf(async () => {
        expect(await chapter.delete()).to.deep.equal([1, { Chapter: 1 }])
      })
      expect(sql).to.have.lengthOf(1)
    })

    it('all rows', async () => {
      expect(await stage.sends(1, () => Chapter.objects.all().delete())).to.deep.equal([
        2,
        { Chapter: 2 },
      ])
    })

    it('no rows: an empty report', async () => {
      const none = Chapter.objects.filter({ id: 7 })
      expect(await stage.sends(1, () => none.delete())).to.deep.equal([0, {}])
    })

    it('no rows can match: nothing is sent', async () => {
      const none = Chapter.objects.filter({ id__in: [] })
      expect(await stage.sends(0, () => none.delete())).to.deep.equal([0, {}])
      expect(await stage.sends(0, () => Author.objects.none().delete())).to.deep.equal([0, {}])
    })
  })

  describe('cascade', () => {
    beforeEach(fill)

    it('goes from rows to rows, and deletes those without dependents unseen', async () => {
      const two = await author(2)
      const report = await stage.sends(ALL_OF_AUTHOR, () => two.delete())
      expect(report).to.deep.equal([4, { Chapter: 1, Book: 2, Author: 1 }])
      expect(await stage.left('authors')).to.deep.equal([1, 90])
      expect(await stage.left('books')).to.deep.equal([10])
      expect(await stage.left('chapters')).to.deep.equal([100])
    })

    it('does not look for what can have no rows', async () => {
      await stage.insert('authors', { id: 3 })
      const three = await author(3)
      // Books, contracts and loans of the author are looked for, editors and owners updated; there
      // are no books, so nothing is asked of them; chapters of the author and the author deleted.
      const report = await stage.sends(7, () => three.delete())
      expect(report).to.deep.equal([1, { Author: 1 }])
    })

    it('a queryset asks for the rows first', async () => {
      const authors = Author.objects.filter({ id__in: [1, 2] })
      const report = await stage.sends(ALL_OF_AUTHOR + 1, () => authors.delete())
      expect(report).to.deep.equal([7, { Chapter: 2, Book: 3, Author: 2 }])
    })

    it('a queryset of no rows asks and does nothing', async () => {
      const none = Author.objects.filter({ id: 5 })
      expect(await stage.sends(1, () => none.delete())).to.deep.equal([0, {}])
    })

    it('over several models, and one that is reached by two ways once', async () => {
      await stage.insert('publishers', { id: 1, name: 'Faber' })
      await stage.db.knex('authors').whereIn('id', [1, 2]).update({ publisher_id: 1 })
      await stage.insert('chapters', { id: 201, book_id: 20, author_id: 1 })
      const publisher = await Publisher.objects.get()
      // One more to find the authors, one to delete the loans, one for the publisher.
      const report = await stage.sends(ALL_OF_AUTHOR + 3, () => publisher.delete())
      expect(report).to.deep.equal([9, { Chapter: 3, Book: 3, Author: 2, Publisher: 1 }])
      expect(await stage.left('authors')).to.deep.equal([90])
    })

    it('in one transaction', async () => {
      const one = await author(1)
      const sql = await stage.sqlOf(() => one.delete())
      const control = sql.map((each) => isControl(each))
      expect(control.indexOf(false)).to.equal(1)
      expect(control.lastIndexOf(false)).to.equal(sql.length - 2)
      expect(control.filter((each) => each)).to.have.lengthOf(2)
    })

    it('rows that a condition finds twice are counted once', async () => {
      const authors = Author.objects.filter({ books__id__gt: 10 })
      expect(await authors.delete()).to.deep.equal([4, { Chapter: 1, Book: 2, Author: 1 }])
    })

    it('whatever order and related rows the queryset asks for', async () => {
      const authors = Author.objects.orderBy('-name', '?').selectRelated('publisher')
      const report = await authors.filter({ id: 1 }).delete()
      expect(report).to.deep.equal([3, { Chapter: 1, Book: 1, Author: 1 }])
    })
  })

  describe('protect', () => {
    beforeEach(fill)

    it('deletes nothing, and says what is in the way', async () => {
      await stage.insert('contracts', { id: 1, author_id: 2 }, { id: 2, author_id: 2 })
      const two = await author(2)
      // Books and contracts of authors and of books were asked for.
      const error = await stage.sends(3, () => rejection(two.delete()))
      expect(error).to.be.instanceOf(ProtectedError).and.not.instanceOf(RestrictedError)
      const { objects } = error as ProtectedError
      expect(objects.every((object) => object instanceof Contract)).to.equal(true)
      expect(objects.map((object) => (object as Contract).id).sort()).to.deep.equal([1, 2])
      expect(error.message).to.equal(
        'Cannot delete rows of Author: others refer to them, or to rows that would be deleted with ' +
          "them, by Contract.author (2), whose onDelete is 'protect'. Delete these " +
          'rows of Contract first, or let them refer to others; the error has them as its objects.',
      )
      expect(two.id).to.equal(2)
      expect(await stage.left('books')).to.deep.equal([10, 20, 21])
    })

    it('also rows that a cascade would reach, by all keys at once', async () => {
      await stage.insert('contracts', { id: 1, book_id: 21 }, { id: 2, author_id: 2 })
      const error = await rejection(Author.objects.filter({ id: 2 }).delete())
      expect(error).to.be.instanceOf(ProtectedError)
      expect(error.message).to.contain('by Contract.author (1), Contract.book (1), whose')
      expect(error.message).to.contain('Delete these rows of Contract first,')
      expect((error as ProtectedError).objects).to.have.lengthOf(2)
    })

    it('does not mind others', async () => {
      await stage.insert('contracts', { id: 1, author_id: 1 }, { id: 2, book_id: 10 }, { id: 3 })
      expect(await (await author(2)).delete()).to.deep.equal([
        4,
        { Chapter: 1, Book: 2, Author: 1 },
      ])
    })

    it('comes before restrict', async () => {
      await stage.insert('contracts', { id: 1, author_id: 1 })
      await stage.insert('loans', { id: 1, author_id: 1 })
      const error = await rejection((await author(1)).delete())
      expect(error).to.not.be.instanceOf(RestrictedError)
    })
  })

  describe('restrict', () => {
    beforeEach(async () => {
      await fill()
      await stage.insert('publishers', { id: 1, name: 'Faber' }, { id: 2, name: 'Penguin' })
      await stage.db.knex('authors').where({ id: 1 }).update({ publisher_id: 1 })
    })

    it('deletes nothing, and says what is in the way', async () => {
      await stage.insert('loans', { id: 1, author_id: 1 }, { id: 2, book_id: 10 })
      const one = await author(1)
      const error = await stage.sends(5, () => rejection(one.delete()))
      expect(error).to.be.instanceOf(RestrictedError)
      expect(error.message).to.contain(
        "Loan.author (1), Loan.book (1), whose onDelete is 'restrict'",
      )
      const { objects } = error as RestrictedError
      expect(objects.map((object) => (object as Loan).id).sort()).to.deep.equal([1, 2])
      expect(await stage.left('books')).to.deep.equal([10, 20, 21])
    })

    it('is lifted where another cascade deletes the row', async () => {
      await stage.insert('loans', { id: 1, author_id: 1, publisher_id: 1 })
      const publisher = await Publisher.objects.get({ id: 1 })
      expect(await publisher.delete()).to.deep.equal([
        5,
        { Loan: 1, Chapter: 1, Book: 1, Author: 1, Publisher: 1 },
      ])
    })

    it('is not lifted for the rows beside it', async () => {
      await stage.insert(
        'loans',
        { id: 1, author_id: 1, publisher_id: 1 },
        { id: 2, author_id: 1, publisher_id: 2 },
        { id: 3, author_id: 1, publisher_id: null },
      )
      const error = await rejection(Publisher.objects.filter({ id: 1 }).delete())
      expect(error).to.be.instanceOf(RestrictedError)
      const ids = (error as RestrictedError).objects.map((object) => (object as Loan).id)
      expect(ids.sort()).to.deep.equal([2, 3])
    })
  })

  describe('setNull, setDefault and doNothing', () => {
    beforeEach(fill)

    it('change only the rows that stay', async () => {
      await stage.db.knex('books').whereIn('id', [10, 20]).update({ editor_id: 1, owner_id: 1 })
      const one = await author(1)
      const report = await stage.sends(ALL_OF_AUTHOR, () => one.delete())
      expect(report).to.deep.equal([3, { Chapter: 1, Book: 1, Author: 1 }])
      expect(await stage.rows('books', 'id')).to.deep.equal([
        { id: 20, title: '', author_id: 2, editor_id: null, owner_id: 90 },
        { id: 21, title: '', author_id: 2, editor_id: null, owner_id: 90 },
      ])
    })

    it('a default that is deleted too is the database’s to refuse', async () => {
      const owner = await author(90)
      const error = await rejection(owner.delete())
      expect(error).to.be.instanceOf(ForeignKeyViolation)
      expect(owner.id).to.equal(90)
      expect(await stage.left('authors')).to.deep.equal([1, 2, 90])
    })

    it('doNothing leaves it to the database, and nothing is changed then', async () => {
      await stage.insert('mentions', { id: 1, author_id: 1 })
      const one = await author(1)
      expect(await rejection(one.delete())).to.be.instanceOf(ForeignKeyViolation)
      expect(one.id).to.equal(1)
      expect(await stage.left('books')).to.deep.equal([10, 20, 21])
      expect(await stage.left('chapters')).to.deep.equal([100, 200])
    })
  })

  describe('instances', () => {
    beforeEach(fill)

    it('are new ones without a key', async () => {
      const one = await author(1)
      await one.delete()
      expect(one.id).to.equal(null)
      const error = await rejection(one.delete())
      expect(error).to.be.instanceOf(InvalidValueError)
      expect(error.message).to.equal('This Author cannot be deleted: it is not saved.')
      one.id = 5
      await one.save()
      expect(await stage.left('authors')).to.deep.equal([2, 5, 90])
    })

    it('that are gone already delete nothing', async () => {
      const one = await author(1)
      await (await author(1)).delete()
      expect(await one.delete()).to.deep.equal([0, {}])
      expect(one.id).to.equal(null)
    })

    it('are deleted by the key they were read with', async () => {
      const chapter = await Chapter.objects.get({ id: 100 })
      chapter.id = 200
      expect(await chapter.delete()).to.deep.equal([1, { Chapter: 1 }])
      expect(await stage.left('chapters')).to.deep.equal([200])
    })

    it('are as before when the transaction rolls back', async () => {
      const one = await author(1)
      one.name = 'changed'
      const boom = new Error('boom')
      const error = await rejection(
        atomic(async () => {
          expect(await one.delete()).to.deep.equal([3, { Chapter: 1, Book: 1, Author: 1 }])
          expect(one.id).to.equal(null)
          throw boom
        }),
      )
      expect(error).to.equal(boom)
      expect(one.id).to.equal(1)
      expect(one.name).to.equal('changed')
      expect(await stage.left('books')).to.deep.equal([10, 20, 21])
      await stage.sends(1, () => one.save())
      expect(await one.delete()).to.deep.equal([3, { Chapter: 1, Book: 1, Author: 1 }])
    })

    it('are as before when only the deletion fails, and the transaction goes on', async () => {
      await stage.insert('contracts', { id: 1, author_id: 1 })
      await atomic(async () => {
        const one = await author(1)
        expect(await rejection(one.delete())).to.be.instanceOf(ProtectedError)
        expect(one.id).to.equal(1)
        await Contract.objects.all().delete()
        expect(await one.delete()).to.deep.equal([3, { Chapter: 1, Book: 1, Author: 1 }])
      })
      expect(await stage.left('authors')).to.deep.equal([2, 90])
    })
  })

  describe('refused before any SQL', () => {
    it('after a slice, distinct() and values()', async () => {
      const refused: readonly [() => PromiseLike<unknown>, string][] = [
        [() => Author.objects.all().slice(0, 3).delete(), "Cannot use 'limit' or 'offset'"],
        [() => Author.objects.distinct('name').delete(), 'Cannot call delete() after distinct()'],
        [
          () => Author.objects.distinct('name').update({ name: 'x' }),
          'Cannot call update() after distinct()',
        ],
        [() => Author.objects.values('id').delete(), 'Cannot call delete() after values()'],
        [() => Author.objects.valuesList('id').delete(), 'Cannot call delete() after values()'],
      ]
      for (const [work, message] of refused) {
        const error = await stage.sends(0, () => rejection(work()))
        expect(error).to.be.instanceOf(FieldError)
        expect(error.message).to.contain(message)
      }
    })
  })

  it('a queryset forgets its rows', async () => {
    await fill()
    const authors = Author.objects.filter({ id: 1 })
    expect(await authors.count()).to.equal(1)
    await authors
    await authors.delete()
    expect(await authors).to.deep.equal([])
    expect(await Author.objects.aggregate({ n: Count('*') })).to.deep.equal({ n: 2 })
  })
})

// ---------- many-to-many

class Tag extends Model('tags', {
  name: fields.char({ maxLength: 50 }),
  // The table of Post.topics, declared from here too.
  about: fields.manyToMany<Post>('Post', {
    table: 'topic_of_post',
    joinColumn: 'tag',
    inverseJoinColumn: 'post',
  }),
}) {
  static objects = new AsyncManager(Tag)
}
class Person extends Model('people', {
  name: fields.char({ maxLength: 50 }),
  friends: fields.manyToMany<Person>('self'),
  follows: fields.manyToMany<Person>('self', { symmetrical: false, relatedName: 'followers' }),
}) {
  static objects = new AsyncManager(Person)
}
class Post extends Model('posts', {
  title: fields.char({ maxLength: 50 }),
  author: fields.foreignKey(Person, { onDelete, null: true }),
  tags: fields.manyToMany(Tag, { relatedName: 'posts' }),
  topics: fields.manyToMany(Tag, {
    table: 'topic_of_post',
    joinColumn: 'post',
    inverseJoinColumn: 'tag',
  }),
  voters: fields.manyToMany(Person, { through: 'Vote', relatedName: 'voted' }),
}) {
  static objects = new AsyncManager(Post)
}
class Vote extends Model('votes', {
  post: fields.foreignKey(Post, { onDelete }),
  person: fields.foreignKey(Person, { onDelete: 'setNull', null: true }),
  points: fields.integer({ default: 1 }),
}) {
  static objects = new AsyncManager(Vote)
}

describeOnEach('delete() and many-to-many relations', (kind) => {
  const stage = useSchema(kind, [Tag, Person, Post, Vote], async (knex) => {
    const join = (name: string, near: [string, string], far: [string, string]) =>
      knex.schema.createTable(name, (table) => {
        table.increments()
        table.integer(near[0]).notNullable().references(`${near[1]}.id`)
        table.integer(far[0]).notNullable().references(`${far[1]}.id`)
      })
    await knex.schema
      .createTable('tags', (table) => {
        table.integer('id').primary()
        table.string('name', 50).notNullable().defaultTo('')
      })
      .createTable('people', (table) => {
        table.integer('id').primary()
        table.string('name', 50).notNullable().defaultTo('')
      })
      .createTable('posts', (table) => {
        table.integer('id').primary()
        table.string('title', 50).notNullable().defaultTo('')
        table.integer('author_id').references('people.id')
      })
      .createTable('topic_of_post', (table) => {
        table.integer('post').notNullable().references('posts.id')
        table.integer('tag').notNullable().references('tags.id')
        table.primary(['post', 'tag'])
      })
      .createTable('votes', (table) => {
        table.increments()
        table.integer('post_id').notNullable().references('posts.id')
        table.integer('person_id').references('people.id')
        table.integer('points').notNullable().defaultTo(1)
      })
    await join('posts_tags', ['post_id', 'posts'], ['tag_id', 'tags'])
    await join('people_friends', ['from_person_id', 'people'], ['to_person_id', 'people'])
    await join('people_follows', ['from_person_id', 'people'], ['to_person_id', 'people'])
  })

  beforeEach(async () => {
    await stage.insert('tags', { id: 1 }, { id: 2 })
    await stage.insert('people', { id: 1 }, { id: 2 }, { id: 3 })
    await stage.insert('posts', { id: 1, author_id: 1 }, { id: 2, author_id: 2 }, { id: 3 })
    await stage.insert(
      'posts_tags',
      { post_id: 1, tag_id: 1 },
      { post_id: 1, tag_id: 2 },
      { post_id: 2, tag_id: 2 },
    )
    await stage.insert('topic_of_post', { post: 1, tag: 1 }, { post: 2, tag: 1 })
    await stage.insert('votes', { post_id: 1, person_id: 3 }, { post_id: 2, person_id: 3 })
  })

  it('join rows go first and are counted, those of a through model by its name', async () => {
    const post = await Post.objects.get({ id: 1 })
    // Two join tables, the votes, the post.
    const report = await stage.sends(4, () => post.delete())
    expect(report).to.deep.equal([5, { Post_tags: 2, Post_topics: 1, Vote: 1, Post: 1 }])
    expect(await stage.left('posts_tags', 'post_id')).to.deep.equal([2])
    expect(await stage.left('topic_of_post', 'post')).to.deep.equal([2])
    expect(await stage.left('tags')).to.deep.equal([1, 2])
  })

  it('from the other side; a table that both sides declare once', async () => {
    const tag = await Tag.objects.get({ id: 1 })
    const report = await stage.sends(3, () => tag.delete())
    expect(report).to.deep.equal([4, { Tag_about: 2, Post_tags: 1, Tag: 1 }])
    expect(await stage.left('posts')).to.deep.equal([1, 2, 3])
  })

  it('tables without rows are not in the report', async () => {
    const report = await stage.sends(5, () => Post.objects.filter({ id: 3 }).delete())
    expect(report).to.deep.equal([1, { Post: 1 }])
  })

  it('of a model to itself, from both sides in one statement', async () => {
    await stage.insert(
      'people_friends',
      { from_person_id: 3, to_person_id: 1 },
      { from_person_id: 1, to_person_id: 3 },
      { from_person_id: 3, to_person_id: 3 },
      { from_person_id: 1, to_person_id: 2 },
    )
    await stage.insert(
      'people_follows',
      { from_person_id: 1, to_person_id: 3 },
      { from_person_id: 1, to_person_id: 2 },
    )
    const person = await Person.objects.get({ id: 3 })
    // Posts are looked for, votes updated, friends and follows and the person deleted.
    const report = await stage.sends(5, () => person.delete())
    expect(report).to.deep.equal([5, { Person_friends: 3, Person_follows: 1, Person: 1 }])
    expect(await stage.left('votes', 'person_id')).to.deep.equal([null, null])
    expect(await stage.left('people_friends', 'to_person_id')).to.deep.equal([2])
  })

  it('of rows that a cascade reaches', async () => {
    const report = await stage.sends(10, () => Person.objects.filter({ id__lt: 3 }).delete())
    expect(report).to.deep.equal([
      11,
      { Post_tags: 3, Post_topics: 2, Vote: 2, Post: 2, Person: 2 },
    ])
    expect(await stage.left('posts')).to.deep.equal([3])
  })
})

// ---------- other keys

class Country extends Model('countries', {
  code: fields.char({ maxLength: 2, primaryKey: true }),
  phone: fields.bigInteger({ unique: true, null: true }),
  number: fields.decimal({ maxDigits: 6, decimalPlaces: 2, unique: true }),
}) {
  static objects = new AsyncManager(Country)
}
class Region extends Model('regions', {
  id: fields.uuid({ primaryKey: true }),
  country: fields.foreignKey(Country, { onDelete }),
  dialled: fields.foreignKey<Country, 'phone'>(Country, {
    onDelete: 'setNull',
    null: true,
    toField: 'phone',
  }),
}) {
  static objects = new AsyncManager(Region)
}
class Stamp extends Model('stamps', {
  country: fields.foreignKey<Country, 'number'>(Country, { onDelete, toField: 'number' }),
  region: fields.foreignKey(Region, { onDelete, null: true }),
}) {
  static objects = new AsyncManager(Stamp)
}
class Anthem extends Model('anthems', {
  country: fields.oneToOne(Country, { onDelete, primaryKey: true, relatedName: 'anthem' }),
}) {
  static objects = new AsyncManager(Anthem)
}
class Recording extends Model('recordings', {
  anthem: fields.foreignKey(Anthem, { onDelete }),
}) {
  static objects = new AsyncManager(Recording)
}

describeOnEach('delete() and keys of other types', (kind) => {
  const REGIONS = ['0b5e0a4e-3c36-4b7a-9f0f-5a8b5b0d0001', '0b5e0a4e-3c36-4b7a-9f0f-5a8b5b0d0002']
  const BIG = '9007199254740993'
  const stage = useSchema(
    kind,
    [Country, Region, Stamp, Anthem, Recording],
    async (knex, dialect) => {
      const decimal = dialect === 'sqlite' ? 'text' : 'numeric(6, 2)'
      await knex.schema
        .createTable('countries', (table) => {
          table.string('code', 2).primary()
          table.bigInteger('phone').unique()
          table.specificType('number', decimal).notNullable().unique()
        })
        .createTable('regions', (table) => {
          table.specificType('id', dialect === 'sqlite' ? 'text' : 'uuid').primary()
          table.string('country_id', 2).notNullable().references('countries.code')
          table.bigInteger('dialled_id').references('countries.phone')
        })
        .createTable('stamps', (table) => {
          table.increments()
          table.specificType('country_id', decimal).notNullable().references('countries.number')
          table.specificType('region_id', dialect === 'sqlite' ? 'text' : 'uuid')
          table.foreign('region_id').references('regions.id')
        })
        .createTable('anthems', (table) => {
          table.string('country_id', 2).primary().references('countries.code')
        })
        .createTable('recordings', (table) => {
          table.increments()
          table.string('anthem_id', 2).notNullable().references('anthems.country_id')
        })
    },
  )

  beforeEach(async () => {
    const { knex } = stage.db
    await stage.insert(
      'countries',
      { code: 'AT', phone: knex.raw(BIG), number: '40.00' },
      { code: "O'", phone: null, number: '41.50' },
    )
    await stage.insert(
      'regions',
      { id: REGIONS[0], country_id: 'AT', dialled_id: null },
      { id: REGIONS[1], country_id: "O'", dialled_id: knex.raw(BIG) },
    )
    await stage.insert(
      'stamps',
      { country_id: '40.00', region_id: REGIONS[1] },
      { country_id: '41.50', region_id: REGIONS[0] },
      { country_id: '41.50', region_id: null },
    )
    await stage.insert('anthems', { country_id: 'AT' }, { country_id: "O'" })
    await stage.insert('recordings', { anthem_id: 'AT' }, { anthem_id: "O'" })
  })

  it('rows are found by the column that a key refers to', async () => {
    const austria = await Country.objects.get({ code: 'AT' })
    // Regions and anthems are looked for, one key is set to NULL, and five tables are deleted from.
    const report = await stage.sends(8, () => austria.delete())
    expect(report).to.deep.equal([6, { Stamp: 2, Region: 1, Recording: 1, Anthem: 1, Country: 1 }])
    expect(austria.code).to.equal(null)
    expect(await stage.rows('regions')).to.deep.equal([
      { id: REGIONS[1], country_id: "O'", dialled_id: null },
    ])
    expect(await stage.left('stamps', 'region_id')).to.deep.equal([null])
  })

  it('a column that is NULL refers to nothing', async () => {
    const report = await stage.sends(8, () => Country.objects.filter({ code: "O'" }).delete())
    expect(report).to.deep.equal([7, { Stamp: 3, Region: 1, Recording: 1, Anthem: 1, Country: 1 }])
    expect(await stage.left('regions')).to.deep.equal([REGIONS[0]])
  })

  it('a column that was not loaded is asked for first', async () => {
    const austria = await Country.objects.only('code').get({ code: 'AT' })
    const report = await stage.sends(9, () => austria.delete())
    expect(report[0]).to.equal(6)
  })

  it('of a row whose key is that of another', async () => {
    const anthem = await Anthem.objects.get({ country: 'AT' })
    expect(await anthem.delete()).to.deep.equal([2, { Recording: 1, Anthem: 1 }])
    expect(anthem.countryId).to.equal(null)
    expect(anthem.pk).to.equal(null)
  })
})

// ---------- trees and circles

class Node extends Model('nodes', {
  parent: fields.foreignKey<Node>('self', { onDelete, null: true, relatedName: 'children' }),
}) {
  static objects = new AsyncManager(Node)
}
class Guarded extends Model('guarded', {
  parent: fields.foreignKey<Guarded>('self', { onDelete: 'protect', null: true }),
}) {
  static objects = new AsyncManager(Guarded)
}
class Kept extends Model('kept', {
  parent: fields.foreignKey<Kept>('self', { onDelete: 'restrict', null: true }),
}) {
  static objects = new AsyncManager(Kept)
}
class Chief extends Model('chiefs', {
  boss: fields.foreignKey<Chief>('self', { onDelete: 'setNull', null: true }),
}) {
  static objects = new AsyncManager(Chief)
}

for (const action of ['NO ACTION', 'CASCADE'] as const) {
  describeOnEach(`delete() of trees, ON DELETE ${action}`, (kind) => {
    const stage = useSchema(kind, [Node, Guarded, Kept, Chief], async (knex) => {
      for (const name of ['nodes', 'guarded', 'kept']) {
        await knex.schema.createTable(name, (table) => {
          table.integer('id').primary()
          table.integer('parent_id').index().references(`${name}.id`).onDelete(action)
        })
      }
      await knex.schema.createTable('chiefs', (table) => {
        table.integer('id').primary()
        table.integer('boss_id').references('chiefs.id').onDelete(action)
      })
    })

    /** 1 has 2 and 3, 2 has 4, 4 has 5; 6 is its own parent. */
    const tree = [
      { id: 1, parent_id: null },
      { id: 2, parent_id: 1 },
      { id: 3, parent_id: 1 },
      { id: 4, parent_id: 2 },
      { id: 5, parent_id: 4 },
      { id: 6, parent_id: 6 },
    ]

    it('level by level down, then one statement', async () => {
      await stage.insert('nodes', ...tree)
      const two = await Node.objects.get({ id: 2 })
      expect(await stage.sends(4, () => two.delete())).to.deep.equal([3, { Node: 3 }])
      expect(await stage.left('nodes')).to.deep.equal([1, 3, 6])
    })

    it('rows that refer to themselves, and to each other', async () => {
      await stage.insert('nodes', ...tree)
      await stage.db.knex('nodes').where({ id: 1 }).update({ parent_id: 5 })
      const roots = Node.objects.filter({ id__in: [4, 6] })
      expect(await stage.sends(6, () => roots.delete())).to.deep.equal([6, { Node: 6 }])
    })

    it('long lists of keys are one parameter', async () => {
      await stage.insert('nodes', ...tree)
      await stage.db.knex.raw(
        'insert into nodes (id, parent_id) with recursive n (i) as ' +
          '(select 101 union all select i + 1 from n where i < 70100) select i, 5 from n',
      )
      const four = await Node.objects.get({ id: 4 })
      // 5, the 70,000 below it, and nothing below those are found.
      expect(await stage.sends(4, () => four.delete())).to.deep.equal([70_002, { Node: 70_002 }])
      expect(await stage.left('nodes')).to.deep.equal([1, 2, 3, 6])
    })

    it('protect holds among the rows themselves', async () => {
      await stage.insert('guarded', ...tree)
      const error = await stage.sends(2, () => rejection(Guarded.objects.all().delete()))
      expect(error).to.be.instanceOf(ProtectedError)
      expect((error as ProtectedError).objects).to.have.lengthOf(5)
      const leaf = await Guarded.objects.get({ id: 5 })
      expect(await stage.sends(2, () => leaf.delete())).to.deep.equal([1, { Guarded: 1 }])
    })

    it('restrict does not', async () => {
      await stage.insert('kept', ...tree)
      const error = await rejection(Kept.objects.filter({ id__in: [2, 4] }).delete())
      expect((error as RestrictedError).objects.map((kept) => (kept as Kept).id)).to.deep.equal([5])
      const three = Kept.objects.filter({ id__in: [2, 4, 5] })
      expect(await stage.sends(3, () => three.delete())).to.deep.equal([3, { Kept: 3 }])
    })

    it('setNull keeps those below', async () => {
      await stage.insert('chiefs', ...tree.map(({ id, parent_id }) => ({ id, boss_id: parent_id })))
      const two = await Chief.objects.get({ id: 2 })
      expect(await stage.sends(2, () => two.delete())).to.deep.equal([1, { Chief: 1 }])
      expect(await stage.rows('chiefs', 'id')).to.deep.equal([
        { id: 1, boss_id: null },
        { id: 3, boss_id: 1 },
        { id: 4, boss_id: null },
        { id: 5, boss_id: 4 },
        { id: 6, boss_id: 6 },
      ])
      const rest = Chief.objects.all()
      expect(await stage.sends(3, () => rest.delete())).to.deep.equal([5, { Chief: 5 }])
    })
  })
}

class Land extends Model('lands', {
  capital: fields.foreignKey<Town>('Town', { onDelete: 'setNull', null: true, relatedName: '+' }),
}) {
  static objects = new AsyncManager(Land)
}
class Town extends Model('towns', {
  land: fields.foreignKey(Land, { onDelete, relatedName: 'towns' }),
}) {
  static objects = new AsyncManager(Town)
}
class Egg extends Model('eggs', {
  hen: fields.foreignKey<Hen>('Hen', { onDelete, null: true }),
}) {
  static objects = new AsyncManager(Egg)
}
class Hen extends Model('hens', {
  egg: fields.foreignKey(Egg, { onDelete }),
}) {
  static objects = new AsyncManager(Hen)
}
class Left extends Model('lefts', {
  right: fields.foreignKey<Right>('Right', { onDelete }),
}) {
  static objects = new AsyncManager(Left)
}
class Right extends Model('rights', {
  left: fields.foreignKey(Left, { onDelete }),
}) {
  static objects = new AsyncManager(Right)
}
class Team extends Model('teams', {
  captain: fields.foreignKey<Player>('Player', { onDelete: 'doNothing', relatedName: '+' }),
}) {
  static objects = new AsyncManager(Team)
}
class Player extends Model('players', {
  team: fields.foreignKey(Team, { onDelete, null: true, relatedName: 'players' }),
}) {
  static objects = new AsyncManager(Player)
}

for (const action of ['NO ACTION', 'CASCADE'] as const) {
  describeOnEach(`delete() of circles of models, ON DELETE ${action}`, (kind) => {
    const stage = useSchema(
      kind,
      [Land, Town, Egg, Hen, Left, Right, Team, Player],
      async (knex, dialect) => {
        const circle = async (
          [near, key]: [string, string],
          [far, back]: [string, string],
          options: { nullable: boolean; clause: string },
        ): Promise<void> => {
          // By hand: on SQLite a key can only be made with its table.
          const { nullable, clause } = options
          const lines = [
            `create table ${near} (id integer primary key, ${key} integer${nullable ? '' : ' not null'}` +
              `${dialect === 'sqlite' ? ` references ${far} (id) ${clause}` : ''})`,
            `create table ${far} (id integer primary key, ` +
              `${back} integer not null references ${near} (id) ${clause})`,
          ]
          for (const line of lines) await knex.schema.raw(line)
          if (dialect === 'postgresql') {
            await knex.schema.raw(
              `alter table ${near} add foreign key (${key}) references ${far} (id) ${clause}`,
            )
          }
        }
        const clause = `on delete ${action}`
        const landClause = action === 'CASCADE' ? '' : clause
        await circle(['lands', 'capital_id'], ['towns', 'land_id'], {
          nullable: true,
          clause: landClause,
        })
        await circle(['eggs', 'hen_id'], ['hens', 'egg_id'], { nullable: true, clause })
        await circle(['players', 'team_id'], ['teams', 'captain_id'], { nullable: true, clause })
        await circle(['lefts', 'right_id'], ['rights', 'left_id'], {
          nullable: false,
          clause: `${clause} deferrable initially deferred`,
        })
      },
    )

    it('a key that is set to NULL breaks the circle', async () => {
      await stage.insert('lands', { id: 1 }, { id: 2 })
      await stage.insert(
        'towns',
        { id: 10, land_id: 1 },
        { id: 11, land_id: 1 },
        { id: 20, land_id: 2 },
      )
      await stage.db.knex('lands').where({ id: 1 }).update({ capital_id: 10 })
      await stage.db.knex('lands').where({ id: 2 }).update({ capital_id: 11 })
      const land = await Land.objects.get({ id: 1 })
      // The towns are looked for, capitals set to NULL, towns deleted, the land deleted.
      expect(await stage.sends(4, () => land.delete())).to.deep.equal([3, { Town: 2, Land: 1 }])
      expect(await stage.rows('lands')).to.deep.equal([{ id: 2, capital_id: null }])
    })

    it('also from the other side', async () => {
      await stage.insert('lands', { id: 1 })
      await stage.insert('towns', { id: 10, land_id: 1 })
      await stage.db.knex('lands').update({ capital_id: 10 })
      const town = await Town.objects.get({ id: 10 })
      expect(await stage.sends(2, () => town.delete())).to.deep.equal([1, { Town: 1 }])
      expect(await stage.rows('lands')).to.deep.equal([{ id: 1, capital_id: null }])
    })

    it('a nullable key of a cascade is cut first', async () => {
      await stage.insert('eggs', { id: 1 }, { id: 2 }, { id: 3 }, { id: 4 })
      await stage.insert(
        'hens',
        { id: 10, egg_id: 1 },
        { id: 20, egg_id: 2 },
        { id: 40, egg_id: 4 },
      )
      await stage.db.knex('eggs').where({ id: 1 }).update({ hen_id: 20 })
      await stage.db.knex('eggs').where({ id: 2 }).update({ hen_id: 10 })
      await stage.db.knex('eggs').where({ id: 3 }).update({ hen_id: 10 })
      const egg = await Egg.objects.get({ id: 1 })
      const sql: string[] = []
      sql.push(
        ...(await stage.sqlOf(async () => {
          expect(await egg.delete()).to.deep.equal([5, { Egg: 3, Hen: 2 }])
        })),
      )
      expect(sql.filter((each) => /^update/.test(each))).to.have.lengthOf(1)
      expect(await stage.left('eggs')).to.deep.equal([4])
      expect(await stage.left('hens')).to.deep.equal([40])
    })

    it('rows that are known by the key that is cut are looked for first', async () => {
      await stage.insert('players', { id: 1 }, { id: 2 }, { id: 3 })
      await stage.insert('teams', { id: 1, captain_id: 1 }, { id: 2, captain_id: 2 })
      await stage.db.knex('players').whereIn('id', [1, 3]).update({ team_id: 1 })
      const team = await Team.objects.get({ id: 1 })
      // Players are found, cut off and, after the team they are captains of, deleted.
      expect(await stage.sends(4, () => team.delete())).to.deep.equal([3, { Team: 1, Player: 2 }])
      expect(await stage.left('players')).to.deep.equal([2])
    })

    it('without a nullable key the database must check at the end', async () => {
      await stage.db.knex.transaction(async (transaction) => {
        await transaction('lefts').insert([
          { id: 1, right_id: 1 },
          { id: 2, right_id: 2 },
        ])
        await transaction('rights').insert([
          { id: 1, left_id: 1 },
          { id: 2, left_id: 2 },
        ])
      })
      const left = await Left.objects.get({ id: 1 })
      const [total] = await left.delete()
      // What the database has deleted by itself, in the other order, is not counted.
      expect(total).to.equal(action === 'CASCADE' ? 1 : 2)
      expect(await stage.left('lefts')).to.deep.equal([2])
      expect(await stage.left('rights')).to.deep.equal([2])
    })
  })
}
