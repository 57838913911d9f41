/** What the types cost: a project of 30 models with 15 columns and 4 relations each, and its use. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../../', import.meta.url))
const MODELS = 30

/** Instantiations when it was last measured; a tenth more fails. */
const MEASURED = 434_000

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

/** The model that relation `k` of model `i` leads to. */
const target = (i: number, k: number): string => `M${(i + 1 + k * 7) % MODELS}`
const source = (i: number, k: number): string => `M${(i - 1 - k * 7 + 3 * MODELS) % MODELS}`

function model(i: number): string {
  const relations = [0, 1, 2, 3].map((k) => {
    const rule = k % 2 === 0 ? "onDelete: 'cascade'" : "onDelete: 'setNull', null: true"
    const to = target(i, k)
    return `  r${k}: fields.foreignKey<${to}>('${to}', { ${rule}, relatedName: 'b${k}' }),`
  })
  const reverse = [0, 1, 2, 3].map(
    (k) => `  declare readonly b${k}: RelatedManager<${source(i, k)}>`,
  )
  return `export class M${i} extends Model('m${i}', {${COLUMNS}\n${relations.join('\n')}\n}) {
  static objects = new AsyncManager(M${i})\n${reverse.join('\n')}\n}`
}

function use(i: number): string {
  const calls = [
    `filter({ name__icontains: 'x', r0__name: 'y', r1__r2__r3__code__startswith: 'z' })`,
    `filter({ b0__r1__b2__count__gt: 3, count__gt: F('r0__r1__r2__count') })`,
    `exclude(Q.or({ r3__r2__r1__active: true }, { at__year: 2020 }))`,
    `orderBy('-at', 'r0__r1__r2__name', 'r3__day')`,
    `values('name', 'r0__name', 'r1__r2__r3__price', 'b1__b2__b3__size', 'r2')`,
    `valuesList('code', 'r3__r2__r1__at')`,
    `selectRelated('r0__r1__r2').get({ pk: 3 })`,
    `aggregate({ n: Count('r0__r1__r2') })`,
    `create({ name: 'x', code: 'c', kind: 'a', price: '1', r0: 3, r2Id: 3 })`,
    `update({ count: F('count').add(1) })`,
  ]
  const lines = calls.map((call, n) => `  const v${n} = await M${i}.objects.${call}\n  void v${n}`)
  return `export async function use${i}() {\n${lines.join('\n')}\n}`
}

/** What the compiler says, be it errors. */
async function tsc(...args: readonly string[]): Promise<string> {
  const options = { cwd: root, maxBuffer: 2 ** 26 }
  const run = promisify(execFile)(`${root}node_modules/.bin/tsc`, args, options)
  return (await run.catch((error: { stdout: string }) => error)).stdout
}

describe('the types', function () {
  this.timeout(120_000)

  it('stay inside their budget of instantiations', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'asynchrormous-budget-'))
    try {
      const indices = Array.from({ length: MODELS }, (_, i) => i)
      const imports = `import { AsyncManager, Count, F, fields, Model, Q, type RelatedManager } from './lib/index.js'`
      const text = [imports, ...indices.map(model), ...indices.map(use)].join('\n')
      await writeFile(join(directory, 'models.ts'), text)
      await symlink(`${root}node_modules`, join(directory, 'node_modules'))
      // Users check against the declarations, not against the sources.
      await tsc('-p', root, '--outDir', join(directory, 'lib'), '--sourceMap', 'false')
      const options = { strict: true, noUncheckedIndexedAccess: true, skipLibCheck: true }
      const modules = { target: 'es2023', module: 'nodenext', types: ['node'], noEmit: true }
      const config = { compilerOptions: { ...options, ...modules }, files: ['models.ts'] }
      await writeFile(join(directory, 'tsconfig.json'), JSON.stringify(config))
      await writeFile(join(directory, 'package.json'), '{ "type": "module" }')
      const stdout = await tsc('-p', directory, '--extendedDiagnostics')
      expect(stdout.split('\n').filter((line) => line.includes('error TS'))).to.deep.equal([])
      const instantiations = Number(/Instantiations:\s+(\d+)/.exec(stdout)?.[1])
      expect(instantiations).to.be.greaterThan(0)
      expect(instantiations).to.be.at.most(MEASURED * 1.1)
    } finally {
      await rm(directory, { recursive: true })
    }
  })
})
