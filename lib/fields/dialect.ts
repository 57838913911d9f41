/** The databases whose values and SQL this library knows. */
export type DialectName = 'sqlite' | 'postgresql' | 'mysql'
