import { expect } from 'chai'
import {
  AsyncManager,
  Case,
  Coalesce,
  F,
  FieldError,
  fields,
  Model,
  Q,
  type RelatedManager,
  When,
} from '../../lib/index.ts'
import { describeOnEach } from '../support/databases.ts'
import { useSchema } from './support/schema.ts'
import { rejection, thrown } from './support/stage.ts'

class Team extends Model('teams', { name: fields.char({ maxLength: 20 }) }) {
  static objects = new AsyncManager(Team)
  declare readonly players: RelatedManager<Player>
}

class Player extends Model('players', {
  name: fields.char({ maxLength: 20 }),
  goals: fields.integer({ null: true }),
  isKeen: fields.boolean({ default: false }),
  isFit: fields.boolean({ null: true }),
  team: fields.foreignKey(Team, { onDelete: 'cascade', null: true, relatedName: 'players' }),
}) {
  static objects = new AsyncManager(Player)
}

describeOnEach('A Q as a value', (kind) => {
  const field = useSchema(kind, [Team, Player], async (knex) => {
    await knex.schema
      .createTable('teams', (table) => {
        table.integer('id').primary()
        table.string('name', 20).notNullable()
      })
      .createTable('players', (table) => {
        table.integer('id').primary()
        table.string('name', 20).notNullable()
        table.integer('goals')
        table.boolean('is_keen').notNullable()
        table.boolean('is_fit')
        table.integer('team_id').references('teams.id')
      })
  })

  beforeEach(async () => {
    const none = { is_keen: false, is_fit: null, team_id: null, goals: null }
    await field.insert('teams', { id: 1, name: 'red' }, { id: 2, name: 'blue' })
    await field.insert(
      'players',
      { ...none, id: 1, name: 'Ann', goals: 3, team_id: 1, is_fit: false },
      { ...none, id: 2, name: 'Bob', goals: 0, team_id: 2 },
      { ...none, id: 3, name: 'Cyd', is_fit: true },
    )
  })

  const players = Player.objects.orderBy('id')
  const isRed = Q({ team__name: 'red' })

  it('is whether it holds, NULL where that is not known; related rows take none away', async () => {
    const query = players.values('name', {
      scored: Q({ goals__gt: 0 }),
      isRed,
      neither: Q.not(Q.or({ team__name: 'red' }, { goals: 0 })),
      nobody: Q({ id__in: [] }),
      anybody: Q({}),
    })
    expect(await field.sends(1, () => query)).to.deep.equal([
      { name: 'Ann', scored: true, isRed: true, neither: false, nobody: false, anybody: true },
      { name: 'Bob', scored: false, isRed: false, neither: false, nobody: false, anybody: true },
      { name: 'Cyd', scored: null, isRed: null, neither: true, nobody: false, anybody: true },
    ])
    const list = players.valuesList(Coalesce('isFit', isRed, Q({ id: 3 })), { flat: true })
    expect(await list).to.deep.equal([false, false, true])
  })

  it('is what branches and defaults give', async () => {
    const isGood = Case(When({ goals__isnull: true }, Q({ isFit: true })), { default: isRed })
    const query = Player.objects.annotate({ isGood })
    expect(await query.orderBy('id').valuesList('isGood', { flat: true })).to.deep.equal([
      true,
      false,
      true,
    ])
    expect(await field.sends(1, () => query.filter({ isGood: true }).count())).to.equal(2)
    expect(await query.filter(isGood).count()).to.equal(2)
    const none = Case(When({ goals: 0 }, Q({ id__in: [] })), { default: Q({}) })
    expect(await players.valuesList(none, { flat: true })).to.deep.equal([true, false, true])
  })

  it('is compared with', async () => {
    expect(await players.filter({ isKeen: Q({ goals__gt: 0 }) }).values('name')).to.deep.equal([
      { name: 'Bob' },
    ])
    expect(await players.filter({ isFit: isRed }).count()).to.equal(0)
  })

  it('is written by update(), in one statement', async () => {
    const isKeen = Q({ goals__gt: 0, isFit: false }).or({ name: 'Cyd' })
    expect(await field.sends(1, () => Player.objects.update({ isKeen }))).to.equal(3)
    expect(await players.valuesList('isKeen', { flat: true })).to.deep.equal([true, false, true])
    await Player.objects.update({ isFit: Q({ goals__gt: 0 }) })
    expect(await players.valuesList('isFit', { flat: true })).to.deep.equal([true, false, null])
    await Player.objects.filter({ team__name: 'red' }).update({ isKeen: Q({ id__in: [] }) })
    expect(await players.valuesList('isKeen', { flat: true })).to.deep.equal([false, false, true])
    const isTeam = Q({ team: 2 }).and(Q.not({ team__isnull: true }))
    await Player.objects.update({ isFit: Case(When(isTeam, Q({ goals: 0 })), { default: false }) })
    expect(await players.valuesList('isFit', { flat: true })).to.deep.equal([false, true, false])
  })

  it('is written by save() and bulkUpdate(), where a cast tells the compiler so', async () => {
    const [ann, bob] = (await players) as [Player, Player]
    ann.isKeen = Q({ goals__gt: 1 }) as unknown as boolean
    await ann.save()
    bob.isKeen = Q({ goals__lt: 1 }) as unknown as boolean
    ann.isFit = Q({ name: 'Ann' }) as unknown as boolean
    bob.isFit = true
    await field.sends(1, () => Player.objects.bulkUpdate([ann, bob], ['isKeen', 'isFit']))
    expect(await Player.objects.filter({ isKeen: true, isFit: true }).count()).to.equal(2)
  })

  it('is refused where it speaks of what is not there', async () => {
    await field.sends(0, async () => {
      expect(await rejection(Player.objects.update({ isKeen: isRed }))).to.be.instanceOf(FieldError)
      const isNew = Q({ goals: 3 }) as unknown as boolean
      const error = await rejection(Player.objects.create({ id: 4, name: 'Dee', isKeen: isNew }))
      expect(error).to.be.instanceOf(FieldError)
      expect((error as Error).message).to.equal(
        'Player.isKeen of a new row cannot be computed of columns: there is no row yet.',
      )
    })
    const sum = (): unknown =>
      // @ts-expect-error it is no number
      Player.objects.filter({ goals: F('id').add(Q({ id: 1 })) })
    expect(thrown(sum)).to.be.instanceOf(FieldError)
  })
})
