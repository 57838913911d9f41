/** The collector against a small model of its rules, on random schemas and rows. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Knex } from 'knex'
import {
  AsyncManager,
  connect,
  type Database,
  ForeignKeyViolation,
  fields,
  Model,
  type OnDelete,
  ProtectedError,
  RestrictedError,
} from '../../lib/index.ts'
import { metaOf } from '../../lib/meta/meta.ts'
import { deletionOrder } from '../../lib/queryset/collector-order.ts'
import { rejection } from '../behaviour/support/stage.ts'
import { type Dialect, describeOnEach, type FreshDatabase } from '../support/databases.ts'

// ---------- a random world

interface Key {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly rule: OnDelete
  readonly nullable: boolean
  /** The database has the rule too, where it knows it. */
  readonly inDatabase: boolean
}

interface Join {
  readonly name: string
  readonly from: number
  readonly to: number
}

interface World {
  readonly models: number
  readonly keys: readonly Key[]
  readonly joins: readonly Join[]
  /** By model: rows with ids from 1, and their keys by name. */
  readonly rows: readonly (readonly Row[])[]
  /** By join: pairs of ids. */
  readonly pairs: readonly (readonly (readonly [number, number])[])[]
  readonly root: number
  readonly roots: readonly number[]
  readonly byInstance: boolean
}

type Row = Readonly<Record<string, number | null>> & { readonly id: number }

const RULES: readonly OnDelete[] = [
  ...(['cascade', 'cascade', 'cascade', 'cascade', 'setNull', 'setNull'] as const),
  ...(['setDefault', 'restrict', 'protect', 'doNothing'] as const),
]

/** What every row of a world is made of: numbers that are cut to what fits. */
const world: fc.Arbitrary<World> = fc
  .record({
    models: fc.integer({ min: 1, max: 4 }),
    counts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4, maxLength: 4 }),
    keys: fc.array(
      fc.record({
        from: fc.nat(3),
        to: fc.nat(3),
        rule: fc.constantFrom(...RULES),
        nullable: fc.boolean(),
        inDatabase: fc.boolean(),
      }),
      { minLength: 1, maxLength: 7 },
    ),
    joins: fc.array(fc.record({ from: fc.nat(3), to: fc.nat(3) }), { maxLength: 2 }),
    dice: fc.infiniteStream(fc.nat(999)),
    root: fc.nat(3),
    byInstance: fc.boolean(),
  })
  .map(({ models, counts, dice, byInstance, ...parts }) => {
    const roll = (below: number): number => (dice.next().value as number) % below
    const keys = parts.keys.map((key, at): Key => {
      const from = key.from % models
      const nullable = key.nullable || key.rule === 'setNull' || key.to % models > from
      return { ...key, name: `k${at}`, from, to: key.to % models, nullable }
    })
    const rows = Array.from({ length: models }, (_, model) =>
      Array.from({ length: counts[model] ?? 1 }, (_, at): Row => {
        const own = keys.filter(({ from }) => from === model)
        const entries = own.map(({ name, to, nullable }): [string, number | null] => {
          // A key that is never NULL refers to what was there before, so that rows can be made.
          const below = nullable ? (counts[to] ?? 1) + 1 : to === model ? at + 1 : (counts[to] ?? 1)
          const id = roll(below) + (nullable ? 0 : 1)
          return [name, id === 0 ? null : id]
        })
        return { id: at + 1, ...Object.fromEntries(entries) }
      }),
    )
    const joins = parts.joins.map(({ from, to }, at): Join => {
      return { name: `j${at}`, from: from % models, to: to % models }
    })
    const pairs = joins.map(({ from, to }) =>
      Array.from({ length: roll(5) }, (): [number, number] => [
        1 + roll(counts[from] ?? 1),
        1 + roll(counts[to] ?? 1),
      ]),
    )
    const root = parts.root % models
    const picked = (rows[root] ?? []).map(({ id }) => id).filter((id) => id === 1 || roll(3) === 0)
    const roots = byInstance ? [1 + roll(counts[root] ?? 1)] : picked
    return { models, keys, joins, rows, pairs, root, roots, byInstance }
  })

// ---------- what should happen

type Outcome =
  | { readonly kind: 'refused'; readonly error: unknown; readonly objects: readonly string[] }
  | { readonly kind: 'violation' }
  | {
      readonly kind: 'deleted'
      readonly report: readonly [number, Record<string, number>]
      readonly rows: readonly (readonly Row[])[]
      readonly pairs: readonly (readonly (readonly [number, number])[])[]
    }

/** A row of any model. */
interface Place {
  readonly model: number
  readonly row: Row
}

function predict(world: World, nameOf: (model: number) => string): Outcome {
  const { keys, joins } = world
  const all = world.rows.flatMap((rows, model) => rows.map((row): Place => ({ model, row })))
  const doomed = new Set<string>(world.roots.map((id) => `${world.root}:${id}`))
  const isDoomed = (model: number, id: number | null | undefined): boolean =>
    doomed.has(`${model}:${id}`)
  const refersToDoomed = ({ model, row }: Place, key: Key): boolean =>
    key.from === model && isDoomed(key.to, row[key.name])
  const withRule = (rule: OnDelete): Key[] => keys.filter((key) => key.rule === rule)

  for (let before = -1; before < doomed.size; ) {
    before = doomed.size
    for (const place of all) {
      if (withRule('cascade').some((key) => refersToDoomed(place, key))) {
        doomed.add(`${place.model}:${place.row.id}`)
      }
    }
  }
  const inTheWay = (rule: OnDelete, staying: boolean): string[] =>
    withRule(rule).flatMap((key) =>
      all
        .filter((place) => refersToDoomed(place, key))
        .filter(({ model, row }) => !staying || !isDoomed(model, row.id))
        .map(({ model, row }) => `${nameOf(model)} ${row.id}`),
    )
  const protects = inTheWay('protect', false)
  if (protects.length > 0) {
    return { kind: 'refused', error: ProtectedError, objects: protects.sort() }
  }
  const restricts = inTheWay('restrict', true)
  if (restricts.length > 0) {
    return { kind: 'refused', error: RestrictedError, objects: restricts.sort() }
  }

  const staying = all.filter(({ model, row }) => !isDoomed(model, row.id))
  const isBroken = withRule('setDefault').some(
    (key) => isDoomed(key.to, 1) && staying.some((place) => refersToDoomed(place, key)),
  )
  if (isBroken) return { kind: 'violation' }
  const changed = (place: Place): Row => {
    const row: Record<string, number | null> & { id: number } = { ...place.row }
    for (const key of withRule('setNull')) if (refersToDoomed(place, key)) row[key.name] = null
    for (const key of withRule('setDefault')) if (refersToDoomed(place, key)) row[key.name] = 1
    return row
  }
  const counts: Record<string, number> = {}
  const count = (name: string, rows: number): void => {
    if (rows > 0) counts[name] = rows
  }
  const rows = world.rows.map((before, model) => {
    const left = staying.filter((place) => place.model === model).map(changed)
    count(nameOf(model), before.length - left.length)
    return left
  })
  const pairs = world.pairs.map((before, at) => {
    const { from, to, name } = joins[at] as Join
    const left = before.filter(([near, far]) => !isDoomed(from, near) && !isDoomed(to, far))
    count(`${nameOf(from)}_${name}`, before.length - left.length)
    return left
  })
  const total = Object.values(counts).reduce((sum, each) => sum + each, 0)
  return { kind: 'deleted', report: [total, counts], rows, pairs }
}

// ---------- what happens

let worlds = 0

/** A world's tables and models in a database. */
class Made {
  readonly #world: World
  readonly #knex: Knex
  readonly #number: number
  readonly #managers: readonly { filter(where: object): { delete(): PromiseLike<unknown> } }[]
  readonly #instances: readonly ((id: number) => Promise<{ delete(): Promise<unknown> }>)[]

  constructor(world: World, { knex }: Database) {
    worlds += 1
    this.#number = worlds
    this.#world = world
    this.#knex = knex
    const managers = world.rows.map((_, model) => {
      const Class = class extends Model(this.#table(model), this.#fields(model), {
        name: this.nameOf(model),
      }) {}
      return new AsyncManager(Class)
    })
    this.#managers = managers as never
    this.#instances = managers.map(
      (manager) => (id: number) => manager.get({ id } as never),
    ) as never
  }

  nameOf(model: number): string {
    return `World${this.#number}M${model}`
  }

  async fill(dialect: Dialect): Promise<void> {
    const { keys, joins, rows, pairs } = this.#world
    const later: string[] = []
    for (const [model] of rows.entries()) {
      const columns = keys
        .filter(({ from }) => from === model)
        .map((key) => {
          const column = `${key.name}_id integer ${key.nullable ? '' : 'not null'}`
          const reference = this.#reference(key)
          if (dialect === 'sqlite' || reference === '') return `${column} ${reference}`
          const table = this.#table(model)
          later.push(`alter table ${table} add foreign key (${key.name}_id) ${reference}`)
          return column
        })
      const all = ['id integer primary key', ...columns].join(', ')
      await this.#knex.raw(`create table ${this.#table(model)} (${all})`)
    }
    for (const [at, { from, to }] of joins.entries()) {
      const near = `near integer not null references ${this.#table(from)} (id)`
      const far = `far integer not null references ${this.#table(to)} (id)`
      later.push(`create table ${this.#joinTable(at)} (${near}, ${far})`)
    }
    for (const sql of later) await this.#knex.raw(sql)
    await this.#insert(false)
    await this.#insert(true)
    for (const [at, each] of pairs.entries()) {
      for (const [near, far] of each) await this.#knex(this.#joinTable(at)).insert({ near, far })
    }
  }

  /** First the rows with the keys that cannot be NULL, then the other keys. */
  async #insert(nullable: boolean): Promise<void> {
    const { keys, rows } = this.#world
    for (const [model, all] of rows.entries()) {
      const own = keys.filter((key) => key.from === model && key.nullable === nullable)
      for (const row of all) {
        const values = Object.fromEntries(own.map(({ name }) => [`${name}_id`, row[name]]))
        const table = this.#knex(this.#table(model))
        if (!nullable) await table.insert({ id: row.id, ...values })
        else if (own.length > 0) await table.where({ id: row.id }).update(values)
      }
    }
  }

  async delete(): Promise<unknown> {
    const { root, roots, byInstance } = this.#world
    if (!byInstance) return await this.#managers[root]?.filter({ id__in: roots }).delete()
    const instance = await this.#instances[root]?.(roots[0] ?? 0)
    return await instance?.delete()
  }

  async rows(): Promise<Row[][]> {
    const tables: Row[][] = []
    for (const [model] of this.#world.rows.entries()) {
      const rows = (await this.#knex(this.#table(model)).orderBy('id')) as object[]
      tables.push(rows.map((row) => renamed(row)))
    }
    return tables
  }

  async pairs(): Promise<(readonly [number, number])[][]> {
    const tables: [number, number][][] = []
    for (const [at] of this.#world.joins.entries()) {
      const rows = (await this.#knex(this.#joinTable(at))) as { near: number; far: number }[]
      tables.push(rows.map(({ near, far }) => [near, far]))
    }
    return tables
  }

  #table(model: number): string {
    return `world${this.#number}_${model}`
  }

  #joinTable(at: number): string {
    return `world${this.#number}_j${at}`
  }

  #fields(model: number): Record<string, never> {
    const { keys, joins } = this.#world
    const own: [string, unknown][] = keys
      .filter(({ from }) => from === model)
      .map(({ name, to, rule, nullable }) => {
        const byDefault = rule === 'setDefault' ? { default: 1 } : {}
        const options = { onDelete: rule, null: nullable, ...byDefault }
        return [name, fields.foreignKey(this.nameOf(to), options as never)]
      })
    for (const [at, { name, from, to }] of joins.entries()) {
      if (from !== model) continue
      const table = this.#joinTable(at)
      const columns = { table, joinColumn: 'near', inverseJoinColumn: 'far', symmetrical: false }
      own.push([name, fields.manyToMany(this.nameOf(to), columns)])
    }
    return Object.fromEntries(own) as Record<string, never>
  }

  #reference({ to, rule, inDatabase }: Key): string {
    // What is left to the database is not refused by it here, so that it can be predicted.
    if (rule === 'doNothing') return ''
    const reference = `references ${this.#table(to)} (id)`
    if (!inDatabase) return reference
    if (rule === 'cascade') return `${reference} on delete cascade`
    return rule === 'setNull' ? `${reference} on delete set null` : reference
  }
}

function renamed(row: object): Row {
  const entries = Object.entries(row).map(([name, value]) => [name.replace(/_id$/, ''), value])
  return Object.fromEntries(entries) as Row
}

async function outcomeOf(made: Made): Promise<unknown> {
  let report: unknown
  const error = await rejection(
    made.delete().then((result) => {
      report = result
      throw new Error('deleted')
    }),
  )
  if (report !== undefined) {
    return { kind: 'deleted', report, rows: await made.rows(), pairs: await made.pairs() }
  }
  if (error instanceof ForeignKeyViolation) return { kind: 'violation' }
  if (!(error instanceof ProtectedError)) throw error
  const objects = error.objects.map((object) => {
    return `${metaOf(object.constructor).name} ${(object as { id: number }).id}`
  })
  return { kind: 'refused', error: error.constructor, objects: objects.sort() }
}

describe('the order of deletion', () => {
  const from = (name: string, ...keys: [to: string, isNullable?: boolean, rule?: OnDelete][]) => {
    const made = keys.map(([to, isNullable = false, onDelete = 'cascade'], at) => {
      const options = { onDelete, null: isNullable } as never
      return [`k${at}`, fields.foreignKey(`Order${to}`, options)]
    })
    const map = Object.fromEntries(made) as Record<string, never>
    const Class = class extends Model(`order_${name}`, map, { name: `Order${name}` }) {}
    return metaOf(Class)
  }
  const orderOf = (...models: ReturnType<typeof metaOf>[]) => {
    const order = deletionOrder(models)
    return {
      models: order.models.map(({ name }) => name.slice('Order'.length)),
      cut: [...order.cut].map(
        (relation) => `${relation.from.name.slice('Order'.length)}.${relation.name}`,
      ),
    }
  }

  it('is children before parents, whatever the rule', () => {
    const [top, mid, low] = [
      from('A'),
      from('B', ['A', false, 'doNothing']),
      from('C', ['B'], ['A']),
    ]
    expect(orderOf(top, mid, low)).to.deep.equal({ models: ['C', 'B', 'A'], cut: [] })
    expect(orderOf(low, top, mid)).to.deep.equal({ models: ['C', 'B', 'A'], cut: [] })
    expect(orderOf(top, low)).to.deep.equal({ models: ['C', 'A'], cut: [] })
  })

  it('does not mind rows that refer to their own table', () => {
    const tree = from('T', ['T', true])
    expect(orderOf(tree)).to.deep.equal({ models: ['T'], cut: [] })
  })

  it('cuts a nullable key of a circle, and none beside it', () => {
    const parent = from('P')
    const hen = from('H', ['P', true], ['E', true])
    const egg = from('E', ['H'])
    expect(orderOf(parent, hen, egg)).to.deep.equal({ models: ['E', 'H', 'P'], cut: ['H.k1'] })
  })

  it('prefers a key that is set to NULL anyway', () => {
    const one = from('One', ['Two', true])
    const two = from('Two', ['One', true, 'setNull'])
    expect(orderOf(one, two)).to.deep.equal({ models: ['One', 'Two'], cut: ['Two.k0'] })
  })

  it('takes models in any order where no key of a circle is nullable', () => {
    const left = from('L', ['R'])
    const right = from('R', ['L'])
    expect(orderOf(left, right)).to.deep.equal({ models: ['L', 'R'], cut: [] })
  })
})

describeOnEach('the collector', (kind) => {
  let fresh: FreshDatabase
  let db: Database

  before(async () => {
    fresh = await kind.create()
    db = connect(fresh.config)
  })
  after(async () => {
    await db?.close({ timeoutMs: 1000 })
    await fresh?.drop()
  })

  it('does what its rules say to any rows of any models', async function () {
    const numRuns = Number(process.env['COLLECTOR_RUNS'] ?? 30)
    this.timeout(numRuns * 2000)
    await fc.assert(
      fc.asyncProperty(world, async (given) => {
        const made = new Made(given, db)
        await made.fill(kind.dialect)
        const expected = predict(given, (model) => made.nameOf(model))
        expect(await outcomeOf(made)).to.deep.equal(expected)
        if (expected.kind === 'deleted') return
        expect(await made.rows(), 'after it was refused').to.deep.equal(given.rows)
        expect(await made.pairs(), 'after it was refused').to.deep.equal(given.pairs)
      }),
      { numRuns, endOnFailure: true },
    )
  })
})
