/** Fetches the peers and generates what has to be generated, once. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BENCH = fileURLToPath(new URL('.', import.meta.url))
const PRISMA = ['postgresql', 'sqlite'] as const

/** Installs the packages of bench/package.json unless they are there; says so. */
export function installPeers(): void {
  if (!existsSync(join(BENCH, 'node_modules/.package-lock.json'))) {
    console.log('Installing the peers of bench/package.json; better-sqlite3 may be compiled.')
    execFileSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: BENCH, stdio: 'inherit' })
  }
  for (const kind of PRISMA) {
    if (!existsSync(join(BENCH, 'peers/prisma', kind))) generatePrisma(kind)
  }
}

function generatePrisma(kind: (typeof PRISMA)[number]): void {
  const cli = join(BENCH, 'node_modules/prisma/build/index.js')
  execFileSync(process.execPath, [cli, 'generate', '--schema', `peers/prisma/${kind}.prisma`], {
    cwd: BENCH,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      // It would download a schema engine, which generating never runs.
      PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      CHECKPOINT_DISABLE: '1',
    },
  })
}
