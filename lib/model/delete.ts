import { InvalidValueError } from '../errors.ts'
import { onRollback } from '../database/transaction.ts'
