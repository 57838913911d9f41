/** What the types cost the compiler, in a project of 30 models that uses each of them. */
import { expect } from 'chai'
import { Project } from './support.ts'

const MODELS = 30

/**
 * Instantiations of types, which do not depend on the machine: as they were when last looked at.
 * More than a tenth above is too much; fewer are to be recorded here.
 */
const INSTANTIATIONS = 480_000

const COLUMNS = `
  name: fields.char({ maxLength: 100 }),
  code: fields.slug({ unique: true }),
  email: fields.email({ null: true }),
  notes: fields.text({ default: '' }),
  kind: fields.choice({ choices: ['a', 'b', 'c'] }),
  active: fields.boolean({ default: true }),
  count: fields.integer({ default: 0 }),
  size: fields.bigInteger({ null: true }),
  ratio: fields.float({ null: true }),
  price: fields.decimal({ maxDigits: 10, decimalPlaces: 2 }),
  day: fields.date({ null: true }),
  at: fields.dateTime({ autoNowAdd: true }),
  clock: fields.time({ null: true }),
  lasts: fields.duration({ default: 0 }),
  data: fields.json({ null: true }),`

const RELATIONS = [0, 1, 2, 3] as const

/** The model `steps` after the `index`th, in a circle. */
function model(index: number, steps: number): string {
  return `M${(((index + steps) % MODELS) + MODELS) % MODELS}`
}

/** A model of 15 columns and 4 relations, each to another, and their other sides. */
function declare(index: number): string {
  const keys = RELATIONS.map((key) => {
    const to = model(index, 1 + key * 7)
    const rule = key % 2 === 0 ? "onDelete: 'cascade'" : "onDelete: 'setNull', null: true"
    return `  r${key}: fields.foreignKey<${to}>('${to}', { ${rule}, relatedName: 'b${key}' }),`
  })
  const sides = RELATIONS.map(
    (key) => `  declare readonly b${key}: RelatedManager<${model(index, -1 - key * 7)}>`,
  )
  return `
export class M${index} extends Model('m${index}', {${COLUMNS}
${keys.join('\n')}
}) {
  static objects = new AsyncManager(M${index})
${sides.join('\n')}
}`
}

/** Calls of every kind, through 3 relations. */
function use(index: number): string {
  return `
export async function use${index}() {
  const rows = await M${index}.objects
    .filter({ name__icontains: 'x', r0__name: 'y', r1__r2__r3__code__startswith: 'z' })
    .filter({ b0__r1__b2__count__gt: 3, count__lt: F('r0__r1__r2__count') })
    .exclude(Q.or({ r3__r2__r1__active: true }, { at__year: 2020 }))
    .orderBy('-at', 'r0__r1__r2__name', '-r3__day')
  const values = await M${index}.objects
    .values('name', 'r0__name', 'r1__r2__r3__price', 'b1__b2__b3__size', 'r2')
  const list = await M${index}.objects.valuesList('code', 'r3__r2__r1__at')
  const one = await M${index}.objects.selectRelated('r0__r1__r2').get({ pk: 3 })
  const sums = await M${index}.objects.aggregate({ n: Count('r0__r1__r2') })
  const made = await M${index}.objects
    .create({ name: 'x', code: 'c', kind: 'a', price: '1', r0: one.r0Id, r2Id: 3 })
  await M${index}.objects.filter({ pk: made.pk }).update({ count: F('count').add(1) })
  return [rows[0]?.name, values[0]?.b1__b2__b3__size, list[0]?.[1], one.r0.r1?.r2.name, sums.n]
}`
}

describe('the cost of the types', function () {
  this.timeout(60_000)

  it(`of ${MODELS} models with 15 columns and 4 relations each stays in its budget`, async () => {
    const project = new Project()
    try {
      const numbers = Array.from({ length: MODELS }, (_, index) => index)
      const head = `import { AsyncManager, Count, F, fields, Model, Q, type RelatedManager } from 'asynchrormous'`
      project.write('models.ts', [head, ...numbers.map(declare), ...numbers.map(use)].join('\n'))
      project.configure(['models.ts'])
      const output = await project.compile('--extendedDiagnostics', '--singleThreaded')
      expect(output.match(/^.*error TS.*$/gm) ?? []).to.deep.equal([])
      const instantiations = Number(/Instantiations:\s+(\d+)/.exec(output)?.[1])
      const seconds = /Check time:\s+([\d.]+)s/.exec(output)?.[1]
      console.log(`      ${instantiations} instantiations, checked in ${seconds} s`)
      expect(instantiations).to.be.at.most(INSTANTIATIONS * 1.1)
      expect(instantiations, 'record the new number').to.be.at.least(INSTANTIATIONS * 0.7)
    } finally {
      project.remove()
    }
  })
})
