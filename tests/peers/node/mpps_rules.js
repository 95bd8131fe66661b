'use strict';
// What a strict SCP demands of a Modality Performed Procedure Step: PS3.4 F.7.2 and its Table F.7.2-1.
// A rule marked "workflow" is not the standard's but this project's checklist of what a modality owes.
// Pure functions over datasets as dcmjs naturalises them: keyword to value, "" or null when empty, an array for a
// sequence. Each violation is {status, text}; the first one decides the status of the response (PS3.7 C.5).

const Status = {
  NO_SUCH_ATTRIBUTE: 0x0105,
  INVALID_ATTRIBUTE_VALUE: 0x0106,
  PROCESSING_FAILURE: 0x0110,
  DUPLICATE_INSTANCE: 0x0111,
  NO_SUCH_INSTANCE: 0x0112,
  INVALID_INSTANCE: 0x0117,
  MISSING_ATTRIBUTE: 0x0120,
  MISSING_VALUE: 0x0121,
};
// PS3.4 F.7.2.2.4: the error id that goes with 0110H once the step is in a final state.
const NO_LONGER_UPDATED = 0xa710;
const FINAL_STATES = ['COMPLETED', 'DISCONTINUED'];

// Table F.7.2-1, column N-CREATE: Type 1 and Type 2.
const CREATE_TYPE_1 = [
  'ScheduledStepAttributesSequence', 'PerformedProcedureStepID', 'PerformedStationAETitle',
  'PerformedProcedureStepStartDate', 'PerformedProcedureStepStartTime', 'PerformedProcedureStepStatus', 'Modality',
];
const CREATE_TYPE_2 = [
  'PatientName', 'PatientID', 'PatientBirthDate', 'PatientSex', 'ReferencedPatientSequence', 'PerformedStationName',
  'PerformedLocation', 'PerformedProcedureStepDescription', 'PerformedProcedureTypeDescription',
  'ProcedureCodeSequence', 'PerformedProcedureStepEndDate', 'PerformedProcedureStepEndTime', 'StudyID',
  'PerformedProtocolCodeSequence', 'PerformedSeriesSequence',
];
// workflow: present and empty, since what is not created cannot be set later (note 5 of the table).
const CREATE_EMPTY = [
  'PerformedProcedureStepEndDate', 'PerformedProcedureStepEndTime', 'PerformedSeriesSequence',
  'PerformedProcedureStepDiscontinuationReasonCodeSequence',
];
const SCHEDULED_TYPE_1 = ['StudyInstanceUID'];
const SCHEDULED_TYPE_2 = [
  'ReferencedStudySequence', 'AccessionNumber', 'RequestedProcedureID', 'RequestedProcedureDescription',
  'ScheduledProcedureStepID', 'ScheduledProcedureStepDescription', 'ScheduledProtocolCodeSequence',
];
const SERIES_TYPE_1 = ['ProtocolName', 'SeriesInstanceUID'];
const SERIES_TYPE_2 = [
  'PerformingPhysicianName', 'OperatorsName', 'SeriesDescription', 'RetrieveAETitle', 'ReferencedImageSequence',
  'ReferencedNonImageCompositeSOPInstanceSequence',
];
// Table F.7.2-1, column N-SET: "Not allowed".
const SET_NOT_ALLOWED = new Set([
  'ScheduledStepAttributesSequence', 'PatientName', 'PatientID', 'IssuerOfPatientID',
  'IssuerOfPatientIDQualifiersSequence', 'OtherPatientIDsSequence', 'PatientBirthDate', 'PatientSex',
  'ReferencedPatientSequence', 'AdmissionID', 'IssuerOfAdmissionIDSequence', 'ServiceEpisodeID',
  'IssuerOfServiceEpisodeIDSequence', 'ServiceEpisodeDescription', 'PerformedProcedureStepID',
  'PerformedStationAETitle', 'PerformedStationName', 'PerformedLocation', 'PerformedProcedureStepStartDate',
  'PerformedProcedureStepStartTime', 'Modality', 'StudyID',
]);
// The code macros of Tables F.7.2-1a to 1f: which ones demand a Code Meaning.
const CODES_WITH_MEANING = ['ScheduledProtocolCodeSequence', 'PerformedProcedureStepDiscontinuationReasonCodeSequence'];
const CODES = ['ProcedureCodeSequence', 'PerformedProtocolCodeSequence', ...CODES_WITH_MEANING];
const REFERENCES = [
  'ReferencedStudySequence', 'ReferencedPatientSequence', 'ReferencedImageSequence',
  'ReferencedNonImageCompositeSOPInstanceSequence',
];
const UIDS = ['StudyInstanceUID', 'SeriesInstanceUID', 'ReferencedSOPClassUID', 'ReferencedSOPInstanceUID'];

const isUid = (text) => /^(0|[1-9]\d*)(\.(0|[1-9]\d*))+$/.test(text) && text.length <= 64;
const isDate = (text) => /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/.test(text);
const isTime = (text) => /^([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?$/.test(text);
const items = (value) => (Array.isArray(value) ? [...value] : []);
const keywords = (dataset) => Object.keys(dataset).filter((keyword) => keyword !== '_vrMap');

function isEmpty(value) {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0 || value.every((one) => one === '' || one === null);
  if (typeof value === 'object') return Object.values(value).every(isEmpty);
  return false;
}

function* texts(value) {
  if (typeof value === 'string') yield value;
  else if (value && typeof value === 'object') for (const one of Object.values(value)) yield* texts(one);
}

class Verdict {
  constructor() {
    this.violations = [];
  }

  refuse(status, text) {
    this.violations.push({ status, text });
  }

  demand(dataset, typeOne, typeTwo, where = '') {
    for (const keyword of [...typeOne, ...typeTwo]) {
      if (!(keyword in dataset)) this.refuse(Status.MISSING_ATTRIBUTE, `${where}${keyword} is missing`);
    }
    for (const keyword of typeOne) {
      if (keyword in dataset && isEmpty(dataset[keyword])) {
        this.refuse(Status.MISSING_VALUE, `${where}${keyword} is Type 1 and has no value`);
      }
    }
  }

  // Values that no attribute of this kind may have, at any depth.
  inspect(dataset, where = '') {
    for (const keyword of keywords(dataset)) {
      const value = dataset[keyword];
      if (isEmpty(value)) continue;
      if (UIDS.includes(keyword) && !isUid(value)) this.refuse(Status.INVALID_ATTRIBUTE_VALUE, `${where}${keyword} is no UID`);
      if (/^PerformedProcedureStep(Start|End)Date$/.test(keyword) && !isDate(value)) {
        this.refuse(Status.INVALID_ATTRIBUTE_VALUE, `${where}${keyword} is no date`);
      }
      if (/^PerformedProcedureStep(Start|End)Time$/.test(keyword) && !isTime(value)) {
        this.refuse(Status.INVALID_ATTRIBUTE_VALUE, `${where}${keyword} is no time`);
      }
      items(value).filter((item) => item && typeof item === 'object').forEach((item, index) => {
        const inside = `${where}${keyword}[${index}].`;
        if (CODES.includes(keyword)) this.demandCode(item, CODES_WITH_MEANING.includes(keyword), inside);
        if (REFERENCES.includes(keyword)) this.demand(item, ['ReferencedSOPClassUID', 'ReferencedSOPInstanceUID'], [], inside);
        if (keyword === 'PerformedSeriesSequence') this.demand(item, SERIES_TYPE_1, SERIES_TYPE_2, inside);
        this.inspect(item, inside);
      });
    }
  }

  demandCode(item, withMeaning, where) {
    const values = ['CodeValue', 'LongCodeValue', 'URNCodeValue'].filter((keyword) => !isEmpty(item[keyword]));
    if (values.length !== 1) this.refuse(Status.MISSING_VALUE, `${where}CodeValue: one of its three kinds is due`);
    const designator = values[0] === 'URNCodeValue' ? [] : ['CodingSchemeDesignator'];
    this.demand(item, withMeaning ? [...designator, 'CodeMeaning'] : designator, [], where);
  }

  // Table F.7.2-1, Specific Character Set: Type 1C, required when anything but the default repertoire is used.
  demandCharacterSet(dataset) {
    // eslint-disable-next-line no-control-regex
    const extended = [...texts(dataset)].find((text) => /[^\x00-\x7f]/.test(text));
    if (extended !== undefined && isEmpty(dataset.SpecificCharacterSet)) {
      this.refuse(Status.MISSING_ATTRIBUTE, `SpecificCharacterSet is missing, and "${extended}" needs one`);
    }
  }
}

// F.7.2.1: returns the violations of an N-CREATE.
function judgeCreate(uid, dataset, exists) {
  const verdict = new Verdict();
  if (!uid || !isUid(uid)) verdict.refuse(Status.INVALID_INSTANCE, 'Affected SOP Instance UID: the images must name it');
  if (exists) verdict.refuse(Status.DUPLICATE_INSTANCE, 'the step exists already');
  verdict.demand(dataset, CREATE_TYPE_1, CREATE_TYPE_2);
  const state = dataset.PerformedProcedureStepStatus;
  if (!isEmpty(state) && state !== 'IN PROGRESS') {
    verdict.refuse(Status.INVALID_ATTRIBUTE_VALUE, `a step is created IN PROGRESS, not ${state} (F.7.2.1.3)`);
  }
  for (const keyword of CREATE_EMPTY) {
    if (!(keyword in dataset)) {
      if (!CREATE_TYPE_2.includes(keyword)) verdict.refuse(Status.MISSING_ATTRIBUTE, `${keyword} is missing (workflow)`);
    } else if (!isEmpty(dataset[keyword])) {
      verdict.refuse(Status.INVALID_ATTRIBUTE_VALUE, `${keyword} has a value before the end (workflow)`);
    }
  }
  const steps = items(dataset.ScheduledStepAttributesSequence);
  steps.forEach((item, index) => {
    verdict.demand(item, SCHEDULED_TYPE_1, SCHEDULED_TYPE_2, `ScheduledStepAttributesSequence[${index}].`);
  });
  verdict.inspect(dataset);
  verdict.demandCharacterSet(dataset);
  return verdict.violations;
}

// F.7.2.2: returns the violations of an N-SET on a step (undefined when there is none by that UID).
function judgeSet(step, changes) {
  const verdict = new Verdict();
  if (step === undefined) {
    verdict.refuse(Status.NO_SUCH_INSTANCE, 'no such step');
    return verdict.violations;
  }
  if (FINAL_STATES.includes(step.PerformedProcedureStepStatus)) {
    verdict.refuse(Status.PROCESSING_FAILURE, `the step is ${step.PerformedProcedureStepStatus} (F.7.2.2.3)`);
    return verdict.violations;
  }
  for (const keyword of keywords(changes)) {
    if (keyword === 'SpecificCharacterSet') continue;
    if (SET_NOT_ALLOWED.has(keyword)) verdict.refuse(Status.NO_SUCH_ATTRIBUTE, `${keyword} is not allowed in an N-SET`);
    else if (!(keyword in step)) verdict.refuse(Status.NO_SUCH_ATTRIBUTE, `${keyword} was not created (note 5)`);
  }
  const state = changes.PerformedProcedureStepStatus;
  if (state !== undefined && !['IN PROGRESS', ...FINAL_STATES].includes(state)) {
    verdict.refuse(Status.INVALID_ATTRIBUTE_VALUE, `${state} is no state of a performed step`);
  }
  verdict.inspect(changes);
  verdict.demandCharacterSet(changes);
  if (FINAL_STATES.includes(state)) judgeFinal({ ...step, ...changes }, verdict);
  return verdict.violations;
}

// Table F.7.2-1, column "final state".
function judgeFinal(step, verdict) {
  verdict.demand(step, ['PerformedProcedureStepEndDate', 'PerformedProcedureStepEndTime', 'PerformedSeriesSequence'], []);
  if (step.PerformedProcedureStepStatus === 'DISCONTINUED') {
    // workflow: an abandoned step says why.
    verdict.demand(step, ['PerformedProcedureStepDiscontinuationReasonCodeSequence'], []);
  }
  const start = `${step.PerformedProcedureStepStartDate}${step.PerformedProcedureStepStartTime}`;
  const end = `${step.PerformedProcedureStepEndDate}${step.PerformedProcedureStepEndTime}`;
  if (end.slice(0, 14) < start.slice(0, 14)) {
    verdict.refuse(Status.INVALID_ATTRIBUTE_VALUE, `the step ends (${end}) before it starts (${start})`);
  }
  const series = items(step.PerformedSeriesSequence);
  const instances = series.flatMap((item) => [
    ...items(item.ReferencedImageSequence), ...items(item.ReferencedNonImageCompositeSOPInstanceSequence),
  ]).map((reference) => reference.ReferencedSOPInstanceUID);
  for (const [uids, text] of [[series.map((item) => item.SeriesInstanceUID), 'series'], [instances, 'instance']]) {
    if (new Set(uids).size !== uids.length) verdict.refuse(Status.INVALID_ATTRIBUTE_VALUE, `a ${text} is named twice`);
  }
}

module.exports = { judgeCreate, judgeSet, FINAL_STATES, NO_LONGER_UPDATED };
