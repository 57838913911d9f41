import { NotSupportedError } from '../../errors.ts'
import { betterSqlite3Driver } from './better-sqlite3.ts'
import type { Driver, KnexClient } from './driver.ts'
import { pgDriver } from './pg.ts'
import { sqlite3Driver } from './sqlite3.ts'

const DRIVERS: ReadonlyMap<string, Driver> = new Map(
  [pgDriver, sqlite3Driver, betterSqlite3Driver].map((driver) => [driver.name, driver]),
)

/**
 * The record for the driver a knex client uses. Sends nothing.
 *
 * @throws NotSupportedError for a driver without a record, naming those there are.
 */
export function driverOf(client: KnexClient): Driver {
  const driver = DRIVERS.get(client.driverName)
  if (driver === undefined) {
    throw new NotSupportedError(
      `knex uses the driver '${client.driverName}', which is not supported. ` +
        `Supported are: ${[...DRIVERS.keys()].join(', ')}.`,
    )
  }
  return driver
}
