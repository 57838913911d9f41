/** Declarations of relations: what they become, and how mistakes are told. No database is needed. */
import { expect } from 'chai'
import {
  AsyncManager,
  fields,
  ImproperlyConfigured,
  Model,
  type RelatedManager,
} from '../../lib/index.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import { thrown } from '../behaviour/support/stage.ts'

const onDelete = 'cascade'
const name = fields.char({ maxLength: 10 })

/** What using a model for the first time throws, line by line. */
function mistakes(model: new () => object): string[] {
  const error = thrown(() => new model())
  expect(error).to.be.instanceOf(ImproperlyConfigured)
  // It does not get better by itself.
  expect(thrown(() => new model()).message).to.equal(error.message)
  return error.message.split('\n')
}

/** The table and columns of a many-to-many relation. */
function joinOf(model: object, relation: string): readonly unknown[] {
  const { through } = metaOf(model).relations.get(relation) ?? {}
  return [through?.model.table, through?.near.column, through?.far.column, through?.symmetrical]
}

describe('join tables', () => {
  class Tag extends Model('m_tags', { name }) {
    static objects = new AsyncManager(Tag)
  }
  class BookCopy extends Model('m_copies', {
    tags: fields.manyToMany(Tag, { relatedName: 'copies' }),
    shelfMarks: fields.manyToMany(Tag, { table: 'marks', joinColumn: 'c', inverseJoinColumn: 't' }),
  }) {
    static objects = new AsyncManager(BookCopy)
  }
  class Person extends Model('m_persons', {
    friends: fields.manyToMany<Person>('self'),
    following: fields.manyToMany<Person>('self', { relatedName: 'followers' }),
    blocked: fields.manyToMany<Person>('self', { symmetrical: false }),
  }) {
    static objects = new AsyncManager(Person)
    declare readonly followers: RelatedManager<Person>
  }

  it('have default names', () => {
    expect(joinOf(BookCopy, 'tags')).to.deep.equal([
      'm_copies_tags',
      'bookcopy_id',
      'tag_id',
      false,
    ])
    expect(joinOf(Tag, 'copies')).to.deep.equal(['m_copies_tags', 'tag_id', 'bookcopy_id', false])
  })

  it('have the names they are given', () => {
    expect(joinOf(BookCopy, 'shelfMarks')).to.deep.equal(['marks', 'c', 't', false])
  })

  it('of a model and itself are symmetrical, unless the other side has a name', () => {
    const columns = ['from_person_id', 'to_person_id']
    expect(joinOf(Person, 'friends')).to.deep.equal(['m_persons_friends', ...columns, true])
    expect(joinOf(Person, 'following')).to.deep.equal(['m_persons_following', ...columns, false])
    expect(joinOf(Person, 'followers')).to.deep.equal([
      'm_persons_following',
      ...[...columns].reverse(),
      false,
    ])
    expect(joinOf(Person, 'blocked')).to.deep.equal(['m_persons_blocked', ...columns, false])
    expect([...metaOf(Person).relations.keys()]).to.deep.equal([
      'friends',
      'following',
      'blocked',
      'followers',
    ])
  })
})

describe('the other side of a relation', () => {
  class Shelf extends Model('m_shelves', { name }) {
    static objects = new AsyncManager(Shelf)
    declare readonly books: RelatedManager<Book>
  }
  class Book extends Model('m_books', {
    shelf: fields.foreignKey(Shelf, { onDelete, relatedName: 'books', relatedQueryName: 'book' }),
    from: fields.foreignKey(Shelf, { onDelete }),
    to: fields.foreignKey(Shelf, { onDelete, relatedName: '+' }),
  }) {
    static objects = new AsyncManager(Book)
  }
  // Classes are known from their first use on.
  void [Shelf.objects, Book.objects]

  it('has a name for instances and, if that is said, another one for lookups', () => {
    expect(new Shelf({ name: 'x' })).to.have.property('books')
    Shelf.objects.filter({ book__id: 1 } as never)
    expect(thrown(() => Shelf.objects.filter({ books__id: 1 })).message).to.match(
      /^Cannot resolve 'books' on Shelf\. Choices are: id, name, book\.$/,
    )
  })

  it("has none without a relatedName, or with '+'", () => {
    const { relations, incoming } = metaOf(Shelf)
    expect([...relations.keys()]).to.deep.equal(['book'])
    expect(incoming.map((relation) => relation.name)).to.deep.equal(['shelf', 'from', 'to'])
  })
})

describe('mistakes in declarations', () => {
  it('all of a model are told at once, at its first use', () => {
    class Lonely extends Model('m_lonely', {
      one: fields.foreignKey('Nope', { onDelete }),
      two: fields.manyToMany('Nowhere'),
      three: fields.foreignKey<Lonely, 'name'>('self', { onDelete, toField: 'name' }),
      four: fields.foreignKey<Lonely, 'nope'>('self', { onDelete, toField: 'nope' }),
      name,
    }) {
      static objects = new AsyncManager(Lonely)
    }
    const lines = mistakes(Lonely)
    expect(lines).to.have.lengthOf(4)
    expect(lines[0]).to.match(/^Lonely\.one: There is no model named 'Nope'\. Registered are: /)
    expect(lines[1]).to.match(/^Lonely\.two: There is no model named 'Nowhere'\./)
    expect(lines[2]).to.equal('Lonely.three: Lonely.name must be unique to be referred to.')
    expect(lines[3]).to.match(/^Lonely\.four: Lonely has no field 'nope'\. Choices are: /)
  })

  it('clashes of names are told by both sides', () => {
    class Target extends Model('m_targets', { name }) {
      static objects = new AsyncManager(Target)
    }
    class Source extends Model('m_sources', {
      a: fields.foreignKey(Target, { onDelete, relatedName: 'name' }),
      b: fields.foreignKey(Target, { onDelete, relatedName: 'sources' }),
      c: fields.manyToMany(Target, { relatedName: 'sources' }),
      d: fields.foreignKey(Target, { onDelete, relatedName: 'save' }),
    }) {
      static objects = new AsyncManager(Source)
    }
    const expected = [
      'The relatedName of Source.a clashes with the field Target.name.',
      "Source.c and Source.b both have the relatedName 'sources' on Target: give one of them " +
        'another.',
      "The relatedName of Source.d cannot be used: 'save' is needed by instances or by " +
        'JavaScript itself.',
    ]
    expect(mistakes(Source)).to.deep.equal(expected)
    expect(mistakes(Target)).to.deep.equal(expected)
  })

  it('a clash with a relation, and with a getter of the class', () => {
    class Far extends Model('m_far', { own: fields.foreignKey<Far>('self', { onDelete }) }) {
      static objects = new AsyncManager(Far)
    }
    class Near extends Model('m_near', {
      far: fields.foreignKey(Far, { onDelete, relatedName: 'own' }),
    }) {
      static objects = new AsyncManager(Near)
    }
    expect(mistakes(Near)).to.deep.equal([
      'The relatedName of Near.far clashes with the field Far.own.',
    ])
    class Hall extends Model('m_halls', { name }) {
      static objects = new AsyncManager(Hall)
      get rooms(): number {
        return 3
      }
    }
    class Room extends Model('m_rooms', {
      hall: fields.foreignKey(Hall, { onDelete, relatedName: 'rooms' }),
    }) {
      static objects = new AsyncManager(Room)
    }
    void Room.objects
    expect(mistakes(Hall)[0]).to.match(/^Hall\.rooms is a relation, and a getter or method/)
  })

  it('a through model without both keys', () => {
    class Club extends Model('m_clubs', {
      members: fields.manyToMany<Member>('Member', { through: 'Joining' }),
      guests: fields.manyToMany<Member>('Member', { through: 'Unknown' }),
    }) {
      static objects = new AsyncManager(Club)
    }
    class Member extends Model('m_members', { name }) {
      static objects = new AsyncManager(Member)
    }
    class Joining extends Model('m_joinings', { club: fields.foreignKey(Club, { onDelete }) }) {
      static objects = new AsyncManager(Joining)
    }
    void [Member.objects, Joining.objects]
    const lines = mistakes(Club)
    expect(lines[0]).to.equal(
      'Club.members: The model Joining cannot be its through model: it needs a foreign key to ' +
        'Club and one to Member.',
    )
    expect(lines[1]).to.match(/^Club\.guests: There is no model named 'Unknown'/)
  })

  it('of one model do not keep others from working', () => {
    class Fine extends Model('m_fine', { name }) {
      static objects = new AsyncManager(Fine)
      declare readonly goods: RelatedManager<Good>
    }
    class Bad extends Model('m_bad', { nope: fields.foreignKey('Nope', { onDelete }) }) {
      static objects = new AsyncManager(Bad)
    }
    class Good extends Model('m_good', {
      fine: fields.foreignKey(Fine, { onDelete, relatedName: 'goods' }),
    }) {
      static objects = new AsyncManager(Good)
    }
    void [Bad.objects, Good.objects]
    expect([...metaOf(Fine).relations.keys()]).to.deep.equal(['goods'])
    expect(mistakes(Bad)).to.have.lengthOf(1)
  })
})

describe('models that are declared again', () => {
  const declare = () => {
    class Again extends Model('m_again', { name }) {
      static objects = new AsyncManager(Again)
    }
    class Other extends Model('m_others', {
      again: fields.foreignKey<Again>('Again', { onDelete, relatedName: 'others' }),
    }) {
      static objects = new AsyncManager(Other)
    }
    return { Again, Other }
  }

  it('names mean the latest, and nothing clashes', () => {
    declare()
    const { Again, Other } = declare()
    expect(metaOf(Other).relations.get('again')?.to.modelClass).to.equal(Again)
    expect(metaOf(Again).relations.get('others')?.to.modelClass).to.equal(Other)
  })
})
