/** Relations over schemas that are there already, and keys of every type. */
import { expect } from 'chai'
import {
  AsyncManager,
  fields,
  ImproperlyConfigured,
  Model,
  type RelatedManager,
  type RelatedOne,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { named } from './support/bookshop.ts'
import { useSchema } from './support/schema.ts'
import { rejection } from './support/stage.ts'

const onDelete = 'cascade'
const name = fields.char({ maxLength: 50 })

// Refers to a class that is declared later, by its name.
class Pupil extends Model('Pupil', {
  name,
  school: fields.foreignKey<School>('School', {
    onDelete,
    column: 'SchoolRef',
    relatedName: 'pupils',
  }),
  courses: fields.manyToMany<Course>('Course', {
    table: 'Enrolled In',
    joinColumn: 'Who',
    inverseJoinColumn: 'What',
    relatedName: 'pupils',
    relatedQueryName: 'pupil',
  }),
}) {
  static objects = new AsyncManager(Pupil)
}
class School extends Model('School', { name }) {
  static objects = new AsyncManager(School)
  declare readonly pupils: RelatedManager<Pupil>
}
class Course extends Model('Course', { name }) {
  static objects = new AsyncManager(Course)
  declare readonly pupils: RelatedManager<Pupil>
}

describeOnEach('relations over a schema that is there already', (kind) => {
  const shop = useSchema(kind, [Pupil, School, Course], async ({ schema }) => {
    await schema
      .createTable('School', (table) => {
        table.increments()
        table.string('name').notNullable()
      })
      .createTable('Pupil', (table) => {
        table.increments()
        table.string('name').notNullable()
        table.integer('SchoolRef').notNullable().references('School.id')
      })
      .createTable('Course', (table) => {
        table.increments()
        table.string('name').notNullable()
      })
      // No id, no primary key, and nothing that keeps pairs from being there twice.
      .createTable('Enrolled In', (table) => {
        table.integer('Who').notNullable().references('Pupil.id')
        table.integer('What').notNullable().references('Course.id')
      })
  })

  it('names of any kind, a join table without an id, strings for later classes', async () => {
    const school = await School.objects.create({ name: 'S' })
    const [ann, bob] = await school.pupils.bulkCreate([{ name: 'Ann' }, { name: 'Bob' }])
    if (ann === undefined || bob === undefined) throw new Error('No pupils.')
    const maths = await ann.courses.create({ name: 'Maths' })
    await shop.sends(2, () => bob.courses.add(maths))
    await shop.sends(1, () => bob.courses.add(maths))
    expect(await shop.rows('Enrolled In', 'Who')).to.deep.equal([
      { Who: ann.id, What: maths.id },
      { Who: bob.id, What: maths.id },
    ])
    expect(named(await maths.pupils.orderBy('id'))).to.deep.equal(['Ann', 'Bob'])
    const byPupil = Course.objects.filter({ pupil__name: 'Bob' } as never)
    expect(named(await shop.sends(1, () => byPupil))).to.deep.equal(['Maths'])
    const pupils = await shop.sends(3, () =>
      School.objects.prefetchRelated('pupils__courses').get({ id: school.id }),
    )
    expect([...pupils.pupils].map((pupil) => named(pupil.courses))).to.deep.equal([
      ['Maths'],
      ['Maths'],
    ])
    await shop.sends(1, () => ann.courses.clear())
    expect(await maths.pupils.count()).to.equal(1)
  })
})

// ---------- keys of other types

const uuid = fields.uuid({ primaryKey: true })

class Node extends Model('nodes', { uuid, name }) {
  static objects = new AsyncManager(Node)
  declare readonly leaves: RelatedManager<Leaf>
  declare extra: RelatedOne<Extra>
}
class Leaf extends Model(
  'leaves',
  {
    id: fields.bigInteger({ primaryKey: true }),
    name,
    node: fields.foreignKey(Node, { onDelete, relatedName: 'leaves' }),
    bugs: fields.manyToMany<Bug>('Bug', { relatedName: 'leaves' }),
  },
  { ordering: ['id'] },
) {
  static objects = new AsyncManager(Leaf)
}
class Bug extends Model('bugs', {
  hash: fields.binary({ primaryKey: true }),
  name,
}) {
  static objects = new AsyncManager(Bug)
  declare readonly leaves: RelatedManager<Leaf>
}
/** Its key is that of the row it extends. */
class Extra extends Model('extras', {
  node: fields.oneToOne(Node, { onDelete, relatedName: 'extra', primaryKey: true }),
  name,
}) {
  static objects = new AsyncManager(Extra)
}

describeOnEach('keys that are uuids, bigints and bytes', (kind) => {
  const shop = useSchema(kind, [Node, Leaf, Bug, Extra], async ({ schema }) => {
    await schema
      .createTable('nodes', (table) => {
        table.uuid('uuid').primary()
        table.string('name').notNullable()
      })
      .createTable('leaves', (table) => {
        table.bigInteger('id').primary()
        table.string('name').notNullable()
        table.uuid('node_id').notNullable().references('nodes.uuid')
      })
      .createTable('bugs', (table) => {
        table.binary('hash').primary()
        table.string('name').notNullable()
      })
      .createTable('leaves_bugs', (table) => {
        table.bigInteger('leaf_id').notNullable().references('leaves.id')
        table.binary('bug_id').notNullable().references('bugs.hash')
      })
      .createTable('extras', (table) => {
        table.uuid('node_id').primary().references('nodes.uuid')
        table.string('name').notNullable()
      })
  })
  const ID = 'ABCDEF00-0000-4000-8000-00000000000A'
  const BIG = 2n ** 60n

  it('are the same to prefetches and managers if they are to the database', async () => {
    const node = await Node.objects.create({ uuid: ID, name: 'N' })
    await Node.objects.create({ uuid: ID.replaceAll('A', 'B'), name: 'M' })
    const leaf = await node.leaves.create({ id: BIG, name: 'L' })
    await node.leaves.create({ id: 1n, name: 'K' })
    const [x, y] = await Bug.objects.bulkCreate([
      { hash: new Uint8Array([1, 2]), name: 'X' },
      { hash: new Uint8Array([1, 3]), name: 'Y' },
    ])
    if (x === undefined || y === undefined) throw new Error('No bugs.')
    await shop.sends(2, () => leaf.bugs.add(x, new Uint8Array([1, 2]), x))
    await shop.sends(1, () => leaf.bugs.add(new Uint8Array([1, 2])))
    await shop.sends(3, () => leaf.bugs.set([y]))
    const nodes = await shop.sends(3, () =>
      Node.objects.prefetchRelated('leaves__bugs').orderBy('name'),
    )
    expect(
      nodes.map((each) => [each.name, [...each.leaves].map((one) => [one.name, named(one.bugs)])]),
    ).to.deep.equal([
      ['M', []],
      [
        'N',
        [
          ['K', []],
          ['L', ['Y']],
        ],
      ],
    ])
    const bugs = await shop.sends(3, () =>
      Bug.objects.prefetchRelated('leaves__node').orderBy('name'),
    )
    expect(bugs.map((bug) => [...bug.leaves].map((one) => one.node.name))).to.deep.equal([
      [],
      ['N'],
    ])
    // Written in another way than the database gives it back.
    const other = new Leaf({ id: 3n, name: 'J', nodeId: ID.toLowerCase() })
    await other.save()
    other.nodeId = ID
    expect((await shop.sends(1, () => other.node)).name).to.equal('N')
    other.nodeId = ID.toLowerCase()
    await shop.sends(0, async () => expect((await other.node).name).to.equal('N'))
  })

  it('a primary key that is a one-to-one relation', async () => {
    const node = await Node.objects.create({ uuid: ID, name: 'N' })
    expect(await node.extra).to.equal(null)
    const extra = await Extra.objects.create({ node, name: 'E' })
    expect(extra.pk).to.equal(node.uuid)
    const [found] = await shop.sends(1, () => Node.objects.selectRelated('extra'))
    expect(found?.extra?.name).to.equal('E')
    const again = await shop.sends(1, () => Extra.objects.get({ pk: node } as never))
    expect(again.equals(extra)).to.equal(true)
  })
})

describeOnEach('a missing declare', (kind) => {
  class Owner extends Model('owners', { name }) {
    static objects = new AsyncManager(Owner)
    readonly pets?: RelatedManager<Pet>
  }
  class Pet extends Model('pets', {
    owner: fields.foreignKey(Owner, { onDelete, relatedName: 'pets' }),
  }) {
    static objects = new AsyncManager(Pet)
  }
  const shop = useSchema(kind, [Owner, Pet], async ({ schema }) => {
    await schema.createTable('owners', (table) => {
      table.increments()
      table.string('name').notNullable()
    })
  })

  it('is told when an instance is saved or loaded, with the cure', async () => {
    await shop.insert('owners', { id: 1, name: 'x' })
    const saved = await shop.sends(0, () => rejection(new Owner({ name: 'x' }).save()))
    const loaded = await rejection(Owner.objects.get({ id: 1 }))
    for (const error of [saved, loaded]) {
      expect(error).to.be.instanceOf(ImproperlyConfigured)
      expect(error.message).to.equal(
        'Class fields of Owner hide its columns or relations: ' +
          'declare readonly pets: RelatedManager<…>.',
      )
    }
  })
})
