'use strict';
// A RIS and archive of their own kind on dcmjs-dimse: an MPPS SCP with strict rules (mpps_rules.js) and a storage
// commitment SCP that answers as it is told. Prints {"port": N} when it listens; each message is one line in --log.
const fs = require('node:fs');
const net = require('node:net');
const { parseArgs } = require('node:util');
const { association: associations, constants, Dataset, log, requests, responses, Scp } = require('dcmjs-dimse');
const { judgeCreate, judgeSet, NO_LONGER_UPDATED } = require('./mpps_rules.js');

const { PresentationContextResult, RejectReason, RejectResult, RejectSource, SopClass, Status, TransferSyntax } = constants;
const COMMITMENT = SopClass.StorageCommitmentPushModel;
const RETRIEVE = '1.2.840.10008.3.1.2.3.4'; // Modality Performed Procedure Step Retrieve, PS3.4 F.8
const SERVED = [SopClass.Verification, SopClass.ModalityPerformedProcedureStep, RETRIEVE, COMMITMENT];
const SYNTAXES = [TransferSyntax.ExplicitVRLittleEndian, TransferSyntax.ImplicitVRLittleEndian];
const COMMITMENT_INSTANCE = '1.2.840.10008.1.20.1.1'; // PS3.4 J.3.5, the well-known instance
const REASON_NO_SUCH_INSTANCE = 0x0112; // PS3.3 C.14.1.1

const { values: options } = parseArgs({
  options: {
    aet: { type: 'string', default: 'MPPS' },
    port: { type: 'string', default: '0' },
    log: { type: 'string' },
    permissive: { type: 'boolean', default: false },
    commitment: { type: 'string', default: 'all' }, // all, failed, never, refused
    association: { type: 'string', default: 'other' }, // same, other
    'delay-ms': { type: 'string', default: '0' },
    modality: { type: 'string', multiple: true, default: [] }, // AET@host:port, where reports go
  },
});
const modalities = new Map(options.modality.map((entry) => {
  const [, aet, host, port] = /^(.+)@(.+):(\d+)$/.exec(entry);
  return [aet, { host, port: Number(port) }];
}));
const steps = new Map();

log.setLevel('warn');
// The bytes as they came, so that a test can read them with a parser of its own.
const parse = Dataset.prototype._fromElementsBuffer;
Dataset.prototype._fromElementsBuffer = function keepEncoded(buffer, ...rest) {
  this.encoded = Buffer.from(buffer);
  return parse.call(this, buffer, ...rest);
};

function record(scp, service, command, { status, problems = [] }) {
  const dataset = command.getDataset();
  fs.appendFileSync(options.log, `${JSON.stringify({
    time_ms: Date.now(),
    service,
    calling_aet: scp.association.getCallingAeTitle().trim(),
    called_aet: scp.association.getCalledAeTitle().trim(),
    command: command.getCommandDataset().getElements(),
    sop_instance_uid: command.getAffectedSopInstanceUid() || command.getRequestedSopInstanceUid() || '',
    status,
    problems,
    transfer_syntax: dataset ? dataset.getTransferSyntaxUid() : '',
    dataset: dataset ? dataset.getElements() : {},
    encoded: dataset && dataset.encoded ? dataset.encoded.toString('base64') : '',
  })}\n`);
}

// A response with the verdict in it, and the verdict in the log.
function answer(scp, service, request, response, violations) {
  const problems = violations.map(({ text }) => text);
  const status = violations.length && !options.permissive ? violations[0].status : Status.Success;
  response.setStatus(status);
  if (status !== Status.Success) {
    response.setErrorComment(problems[0].replace(/[^\x20-\x7e]/g, '?').slice(0, 64)); // LO: 64 characters
    if (status === Status.ProcessingFailure) response.getCommandDataset().setElement('ErrorID', NO_LONGER_UPDATED);
  }
  record(scp, service, request, { status, problems });
  return status === Status.Success;
}

// PS3.4 J.3.3: event 1 when all is committed, event 2 when something is not.
function reportOf(action) {
  const { TransactionUID, ReferencedSOPSequence } = action.getDataset().getElements();
  const asked = [...ReferencedSOPSequence].map(({ ReferencedSOPClassUID, ReferencedSOPInstanceUID }) => (
    { ReferencedSOPClassUID, ReferencedSOPInstanceUID }));
  const failed = options.commitment === 'failed' ? asked.splice(0, 1) : [];
  const elements = { TransactionUID };
  if (asked.length) elements.ReferencedSOPSequence = asked;
  if (failed.length) elements.FailedSOPSequence = failed.map((item) => ({ ...item, FailureReason: REASON_NO_SUCH_INSTANCE }));
  const report = new requests.NEventReportRequest(COMMITMENT, COMMITMENT_INSTANCE, failed.length ? 2 : 1);
  report.setDataset(new Dataset(elements, TransferSyntax.ExplicitVRLittleEndian));
  return report;
}

class Peer extends Scp {
  // dcmjs-dimse keeps the bytes of a message without a dataset and reads them again before the next one.
  _performDimse(...dimse) {
    super._performDimse(...dimse);
    this.dimseStream = undefined;
  }

  associationRequested(association) {
    this.association = association;
    if (association.getCalledAeTitle().trim() !== options.aet) {
      this.sendAssociationReject(RejectResult.Permanent, RejectSource.ServiceUser, RejectReason.CalledAeNotRecognized);
      return;
    }
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const syntax = SYNTAXES.find((uid) => context.getTransferSyntaxUids().includes(uid));
      if (!SERVED.includes(context.getAbstractSyntaxUid())) {
        context.setResult(PresentationContextResult.RejectAbstractSyntaxNotSupported);
      } else if (syntax === undefined) {
        context.setResult(PresentationContextResult.RejectTransferSyntaxesNotSupported);
      } else {
        context.setResult(PresentationContextResult.Accept, syntax);
      }
    }
    this.sendAssociationAccept();
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }

  abort() {
    this.socket.destroy();
  }

  cEchoRequest(request, callback) {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  nCreateRequest(request, callback) {
    const uid = request.getAffectedSopInstanceUid();
    const created = request.hasDataset() ? request.getDataset().getElements() : {};
    const response = responses.NCreateResponse.fromRequest(request);
    if (answer(this, 'N-CREATE', request, response, judgeCreate(uid, created, steps.has(uid)))) steps.set(uid, { ...created });
    callback(response);
  }

  nSetRequest(request, callback) {
    const uid = request.getRequestedSopInstanceUid();
    const changes = request.hasDataset() ? request.getDataset().getElements() : {};
    const response = responses.NSetResponse.fromRequest(request);
    if (answer(this, 'N-SET', request, response, judgeSet(steps.get(uid), changes))) steps.set(uid, { ...steps.get(uid), ...changes });
    callback(response);
  }

  // PS3.4 F.8.2.1: the whole step, or the attributes asked for.
  nGetRequest(request, callback) {
    const step = steps.get(request.getRequestedSopInstanceUid());
    const response = responses.NGetResponse.fromRequest(request);
    const violations = step ? [] : [{ status: Status.NoSuchObjectInstance, text: 'no such step' }];
    if (answer(this, 'N-GET', request, response, violations)) response.setDataset(new Dataset({ ...step }, TransferSyntax.ExplicitVRLittleEndian));
    callback(response);
  }

  nActionRequest(request, callback) {
    const response = responses.NActionResponse.fromRequest(request);
    const violations = [];
    if (request.getRequestedSopInstanceUid() !== COMMITMENT_INSTANCE) {
      violations.push({ status: Status.NoSuchObjectInstance, text: 'storage commitment has one well-known instance (J.3.5)' });
    }
    if (request.getActionTypeId() !== 1) violations.push({ status: Status.NoSuchActionType, text: 'action type 1 (J.3.2)' });
    if (options.commitment === 'refused') violations.push({ status: Status.ResourceLimitation, text: 'refused as told' });
    const accepted = answer(this, 'N-ACTION', request, response, violations);
    callback(response);
    if (accepted && options.commitment !== 'never') {
      setTimeout(() => this.report(request), Number(options['delay-ms']));
    }
  }

  report(action) {
    const event = reportOf(action);
    if (options.association === 'same') {
      if (this.socket.destroyed || this.socket.readableEnded) {
        record(this, 'N-EVENT-REPORT', event, { status: null, problems: ['the association is gone'] });
        return;
      }
      event.on('response', (response) => record(this, 'N-EVENT-REPORT', response, { status: response.getStatus() }));
      this.sendRequests(event);
      return;
    }
    const aet = this.association.getCallingAeTitle().trim();
    const modality = modalities.get(aet);
    if (!modality) {
      record(this, 'N-EVENT-REPORT', event, { status: null, problems: [`no --modality ${aet}@host:port to report to`] });
      return;
    }
    new Reporter(net.connect(modality), aet, event).on('networkError', (error) => {
      record(this, 'N-EVENT-REPORT', event, { status: null, problems: [error.message] });
    });
  }
}

// Opens an association as storage commitment SCP: PS3.4 J.3.3 with the roles reversed (PS3.7 D.3.3.4).
class Reporter extends Scp {
  constructor(socket, aet, event) {
    super(socket, {});
    const association = new associations.Association(options.aet, aet);
    const context = association.getPresentationContext(association.addPresentationContext(COMMITMENT));
    SYNTAXES.forEach((uid) => context.addTransferSyntaxUid(uid));
    context.setUserRole(false);
    context.setProviderRole(true);
    event.on('response', (response) => record(this, 'N-EVENT-REPORT', response, { status: response.getStatus() }));
    this.on('connect', () => this.sendAssociationRequest(association));
    this.on('associationAccepted', () => {
      if (!association.getAcceptedPresentationContextFromRequest(event)) {
        record(this, 'N-EVENT-REPORT', event, { status: null, problems: ['the modality refuses the presentation context'] });
      }
      this.sendRequests(event);
    });
    this.on('associationRejected', () => {
      record(this, 'N-EVENT-REPORT', event, { status: null, problems: ['the modality rejects the association'] });
      socket.end();
    });
    this.on('done', () => this.sendAssociationReleaseRequest());
    this.on('associationReleaseResponse', () => socket.end());
  }
}

const server = net.createServer((socket) => {
  const peer = new Peer(socket, {});
  peer.connected = true;
  peer.on('networkError', (error) => process.stderr.write(`${error.message}\n`));
});
server.listen(Number(options.port), '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
