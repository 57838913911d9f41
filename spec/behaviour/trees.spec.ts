import { expect } from 'chai'
import {
  AsyncManager,
  Count,
  Exists,
  FieldError,
  fields,
  Model,
  NotSupportedError,
  OuterRef,
  type RelatedManager,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection, thrown } from './support/stage.ts'

class Category extends Model(
  'categories',
  {
    name: fields.char({ maxLength: 20 }),
    parent: fields.foreignKey<Category>('self', {
      onDelete: 'cascade',
      null: true,
      relatedName: 'children',
    }),
    twin: fields.foreignKey<Category>('self', { onDelete: 'setNull', null: true }),
  },
  { ordering: ['name'] },
) {
  static objects = new AsyncManager(Category)
  declare readonly children: RelatedManager<Category>

  below() {
    return Category.objects.filter({ pk: this.pk }).descendants('parent')
  }
}

/** Refers to its boss by a code. */
class Worker extends Model('workers', {
  code: fields.char({ maxLength: 10, unique: true }),
  boss: fields.foreignKey<Worker, 'code'>('self', {
    onDelete: 'setNull',
    null: true,
    toField: 'code',
  }),
}) {
  static objects = new AsyncManager(Worker)
}

class Plain extends Model('plains', { name: fields.char({ maxLength: 20 }) }) {
  static objects = new AsyncManager(Plain)
}

/*
 *  a ─ b ─ d ─ f        x → y → z → x (a circle), w below x
 *   └─ c ─ e
 */
const ROWS = [
  [1, 'a', null],
  [2, 'b', 1],
  [3, 'c', 1],
  [4, 'd', 2],
  [5, 'e', 3],
  [6, 'f', 4],
  [7, 'x', 9],
  [8, 'y', 7],
  [9, 'z', 8],
  [10, 'w', 7],
] as const

describeOnEach('trees', (kind) => {
  const schema = useSchema(kind, [Category, Worker, Plain], async (knex) => {
    await knex.schema
      .createTable('categories', (table) => {
        table.increments()
        table.string('name', 20).notNullable()
        table.integer('parent_id')
        table.integer('twin_id')
      })
      .createTable('workers', (table) => {
        table.increments()
        table.string('code', 10).notNullable().unique()
        table.string('boss_id', 10)
      })
      .createTable('plains', (table) => {
        table.increments()
        table.string('name', 20).notNullable()
      })
  })
  beforeEach(async () => {
    const rows = ROWS.map(([id, name, parent]) => ({ id, name, parent_id: parent, twin_id: null }))
    await schema.insert('categories', ...rows)
  })

  const all = Category.objects
  const named = async (rows: PromiseLike<readonly { name: string }[]>): Promise<string> =>
    (await rows).map(({ name }) => name).join('')

  it('below and above rows: one query, in the model’s order', async () => {
    const a = all.filter({ name: 'a' })
    expect(await schema.sends(1, () => named(a.descendants('parent')))).to.equal('bcdef')
    expect(await named(a.descendants('parent', { includeSelf: true }))).to.equal('abcdef')
    const f = all.filter({ name: 'f' })
    expect(await schema.sends(1, () => named(f.ancestors('parent')))).to.equal('abd')
    expect(await named(f.ancestors('parent', { includeSelf: true }))).to.equal('abdf')
    expect(await named(a.ancestors('parent'))).to.equal('')
    expect(await named(f.descendants('parent'))).to.equal('')
    const b = await all.get({ name: 'b' })
    expect(await named(b.below())).to.equal('df')
  })

  it('of several rows; what is below another of them is there once', async () => {
    const two = all.filter({ name__in: ['b', 'd'] })
    expect(await named(two.descendants('parent'))).to.equal('df')
    const depths = two.descendants('parent', { depth: 'level' }).orderBy('level', 'name')
    expect(await depths.valuesList('name', 'level')).to.deep.equal([
      ['d', 1],
      ['f', 1],
    ])
    const up = all.filter({ name__in: ['f', 'e'] }).ancestors('parent', { depth: 'level' })
    expect(await up.valuesList('name', 'level')).to.deep.equal([
      ['a', 2],
      ['b', 2],
      ['c', 1],
      ['d', 1],
    ])
  })

  it('say how far away they are, up to a depth', async () => {
    const tree = all
      .filter({ name: 'a' })
      .descendants('parent', { includeSelf: true, depth: 'level', maxDepth: 2 })
    const rows = await schema.sends(1, () => tree.orderBy('-level', 'name'))
    expect(rows.map(({ name, level }) => [name, level])).to.deep.equal([
      ['d', 2],
      ['e', 2],
      ['b', 1],
      ['c', 1],
      ['a', 0],
    ])
    expect(rows[0]).to.be.instanceOf(Category)
    expect(await named(tree.filter({ level: 1 }))).to.equal('bc')
    expect(await named(all.filter({ name: 'f' }).ancestors('parent', { maxDepth: 2 }))).to.equal(
      'bd',
    )
  })

  it('end where rows make a circle', async () => {
    const x = all.filter({ name: 'x' })
    expect(await named(x.descendants('parent'))).to.equal('wxyz')
    expect(await named(x.ancestors('parent'))).to.equal('xyz')
    expect(await named(all.filter({ name: 'w' }).ancestors('parent'))).to.equal('xyz')
    const depth = 'level' as const
    const down = x.descendants('parent', { depth }).orderBy('level', 'name')
    expect(await down.valuesList('name', 'level')).to.deep.equal([
      ['w', 1],
      ['y', 1],
      ['z', 2],
      ['x', 3],
    ])
    const up = all.filter({ name: 'w' }).ancestors('parent', { depth }).orderBy('level')
    expect(await up.valuesList('name', 'level')).to.deep.equal([
      ['x', 1],
      ['z', 2],
      ['y', 3],
    ])
    expect(
      await x.descendants('parent', { depth, includeSelf: true }).filter({ level: 0 }).count(),
    ).to.equal(1)
  })

  it('are filtered, counted, sliced, valued, annotated, prefetched and started', async () => {
    const tree = all.filter({ name: 'a' }).descendants('parent')
    expect(await schema.sends(1, () => tree.count())).to.equal(5)
    expect(await tree.filter({ children__isnull: true }).exists()).to.equal(true)
    expect(await named(tree.exclude({ name: 'd' }).orderBy('-name').slice(1, 3))).to.equal('ec')
    expect(await tree.values('name').first()).to.deep.equal({ name: 'b' })
    const counted = tree
      .annotate({ n: Count('children') })
      .filter({ n__gt: 0 })
      .orderBy('name')
    expect(await counted.valuesList('name', 'n')).to.deep.equal([
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ])
    expect(await tree.aggregate({ n: Count('children') })).to.deep.equal({ n: 3 })
    const loaded = await schema.sends(2, () => tree.prefetchRelated('children'))
    expect(loaded.map(({ children }) => children.length)).to.deep.equal([1, 1, 1, 0, 0])
    expect((await tree.selectRelated('parent').get({ name: 'f' })).parent?.name).to.equal('d')
    await schema.sends(1, async () => expect(await tree.startFetch().count()).to.equal(5))
    expect(await all.filter({ pk__in: tree }).count()).to.equal(5)
    const leaves = tree.filter({ name__in: ['e', 'f'] })
    expect(await named(leaves.ancestors('parent', { maxDepth: 1 }))).to.equal('cd')
    expect(await named(all.filter({ name: 'b' }).union(leaves).orderBy('name'))).to.equal('bef')
  })

  it('are updated and deleted as other rows', async () => {
    const tree = all.filter({ name: 'b' }).descendants('parent', { depth: 'level' })
    expect(await tree.filter({ level: 2 }).update({ name: 'g' })).to.equal(1)
    expect(await named(tree)).to.equal('dg')
    expect(await tree.delete()).to.deep.equal([2, { Category: 2 }])
    expect(await all.filter({ name: 'a' }).descendants('parent').count()).to.equal(3)
  })

  it('of none are none, without a query', async () => {
    await schema.sends(0, async () => {
      expect(await all.none().descendants('parent')).to.deep.equal([])
      expect(await all.filter({ pk__in: [] }).ancestors('parent', { depth: 'n' }).count()).to.equal(
        0,
      )
    })
  })

  it('follow the column that the key refers to; the only relation needs no name', async () => {
    await schema.insert(
      'workers',
      { code: 'top', boss_id: null },
      { code: 'mid', boss_id: 'top' },
      { code: 'low', boss_id: 'mid' },
    )
    const below = Worker.objects.filter({ code: 'top' }).descendants().orderBy('code')
    expect((await below).map(({ code }) => code)).to.deep.equal(['low', 'mid'])
    const above = Worker.objects.filter({ code: 'low' }).ancestors('boss', { depth: 'n' })
    expect(await above.orderBy('n').valuesList('code', 'n')).to.deep.equal([
      ['mid', 1],
      ['top', 2],
    ])
  })

  it('begin with rows by names of alias(), which are no names of what is found', async () => {
    const parents = all.alias({ n: Count('children') }).filter({ n__gt: 1, name: 'a' })
    expect(await named(schema.sends(1, () => parents.descendants('parent')))).to.equal('bcdef')
    const below = parents.selectRelated('parent').only('name').descendants('parent')
    const error = thrown(() => below.filter({ n: 1 } as never))
    expect(error).to.be.instanceOf(FieldError)
    expect(error.message).to.include("Cannot resolve 'n' on Category.")
    expect({ ...(await below.get({ name: 'b' })) }).to.deep.equal({
      id: 2,
      name: 'b',
      parentId: 1,
      twinId: null,
    })
  })

  it('refuse what is no relation to itself, and wrong options, before any SQL', async () => {
    await schema.sends(0, () => {
      const refused = (call: () => unknown, says: string): void => {
        expect(thrown(call)).to.be.instanceOf(FieldError)
        expect(thrown(call).message).to.include(says)
      }
      refused(() => all.descendants('name' as never), 'Choices are: parent, twin.')
      refused(() => all.ancestors('children' as never), 'Choices are: parent, twin.')
      refused(() => all.descendants(), 'needs the name of a relation of Category to itself')
      refused(() => Plain.objects.all().descendants(), 'Choices are: (none).')
      refused(() => all.descendants('parent', { maxDepth: 0 }), 'maxDepth')
      refused(() => all.descendants('parent', { maxDepth: '1; x' as never }), 'maxDepth')
      refused(() => all.descendants('parent', { depth: 'a"b' as never }), "letters, digits and '_'")
      refused(() => all.descendants('parent', { depth: 'name' as never }), 'a field of Category')
      refused(() => all.descendants('parent', { deep: 1 } as never), "no option 'deep'")
      refused(() => all.values('name').descendants('parent'), 'after values()')
      refused(
        () => all.annotate({ n: Count('children') }).descendants('parent'),
        'after annotate()',
      )
      const outer = all.filter({ name: OuterRef('name') })
      refused(() => Exists(outer.descendants('parent')), 'OuterRef()')
      expect(thrown(() => all.union(all.all()).descendants('parent'))).to.be.instanceOf(
        NotSupportedError,
      )
    })
    const sliced = all.orderBy('name').slice(0, 1).descendants('parent')
    expect(await named(sliced)).to.equal('bcdef')
    expect((await rejection(all.descendants('parent').get({ name: 'nobody' }))).name).to.equal(
      'Category.DoesNotExist',
    )
  })
})
