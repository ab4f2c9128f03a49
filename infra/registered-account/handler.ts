import { busClient } from '../../shared/aws/bus.ts';
import { tableClient } from '../../shared/aws/table-client.ts';
import { registrations } from './registrations.ts';

const { ORGKEEPER_BUS: busName = '', ORGKEEPER_TABLE: tableName = '', AWS_REGION: region = '' } = process.env;
const deployment = { busName, tableName, region };

export const { onEvent, isComplete } = registrations({
  table: tableClient(deployment),
  bus: busClient(deployment),
  now: () => new Date(),
});
