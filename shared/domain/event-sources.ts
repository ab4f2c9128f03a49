/** Source of the events that Orgkeeper announces. */
export const OUR_SOURCE = 'orgkeeper';
/** Source of the requests of people and pipelines. */
export const REQUEST_SOURCE = 'orgkeeper.request';
