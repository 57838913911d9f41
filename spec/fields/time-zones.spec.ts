import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect } from 'chai'

const run = promisify(execFile)
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

describe('values under other time zones (F49)', function () {
  this.timeout(60_000)

  for (const zone of ['UTC', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia']) {
    it(zone, async () => {
      const { SPEC_SUMMARY_FILE, ...env } = process.env
      void SPEC_SUMMARY_FILE
      const { stdout } = await run(
        process.execPath,
        [
          '--import=tsx',
          '--unhandled-rejections=strict',
          path('../../node_modules/mocha/bin/mocha.js'),
          '--no-config',
          '--reporter=dot',
          path('values.spec.ts'),
          path('timestamp.spec.ts'),
        ],
        { env: { ...env, TZ: zone } },
      )
      expect(stdout).to.match(/\d+ passing/)
    })
  }
})
