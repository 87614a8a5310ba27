;;;; machineid.lisp - the client of the MachineID authority, for SBCL. Needs libmachineid, and yason for JSON.
;;;;
;;;;     (machineid:with-client (client "{\"timeout_ms\":2000}")
;;;;       (machineid:register client "agent-01")
;;;;       (when (machineid:allowed (machineid:validate client "agent-01"))
;;;;         (work)))
;;;;
;;;; A call blocks its thread until there is an answer or timeout_ms has passed; the collector does not wait for it. Any
;;;; number of threads may share a client.

(defpackage :machineid
  (:use :common-lisp :sb-alien)
  (:export #:version #:with-client #:open-client #:free #:cancel #:validate
           #:allowed #:status #:code #:request-id #:reply #:machineid-error))
(in-package :machineid)

(load-shared-object "libmachineid.so.0")

;; A plain c-string would be in the encoding of the locale.
(define-alien-type text (c-string :external-format :utf-8))

(defclass decision ()
  ((allowed :initarg :allowed :reader allowed)
   (status :initarg :status :reader status)
   (reply :initarg :reply :reader reply))
  (:documentation "Gate on ALLOWED and nothing else; with any STATUS but MID_OK the authority decided nothing."))

(define-condition machineid-error (error)
  ((status :initarg :status :reader status)
   (reply :initarg :reply :reader reply))
  (:documentation "There is no reply: the authority refused, or it could not be asked.")
  (:report (lambda (condition stream)
             (format stream "~a ~a: ~a" (status condition) (code condition) (field condition "message")))))

(defun field (outcome key) (gethash key (reply outcome)))
(defun code (outcome) (or (field outcome "code") (field outcome "error")))
(defun request-id (outcome) (field outcome "request_id"))

(defun version () (alien-funcall (extern-alien "mid_version" (function text))))
(defun name-of (status) (alien-funcall (extern-alien "mid_status_name" (function text (signed 32))) status))

(defun take (json)
  "Parses what came out through a json parameter, and frees it. An owned text is a pointer: as a text it would leak."
  (if (zerop (sb-sys:sap-int (alien-sap json)))
      (make-hash-table)
      (unwind-protect (yason:parse (cast json text))
        (alien-funcall (extern-alien "mid_free" (function void (* char))) json))))

(defun checked (status json)
  (let ((reply (take json)))
    (if (zerop status) reply (error 'machineid-error :status (name-of status) :reply reply))))

(defun c-text (text)
  "A NUL would cut the text short, and the question would be about another device."
  (when (find #\Nul text) (error "a NUL inside a string"))
  text)

(defun open-client (options &optional org-key)
  "OPTIONS is a JSON text: machineid.h lists the options. Without ORG-KEY it is that of MACHINEID_ORG_KEY."
  (with-alien ((client (* t)) (json (* char)))
    (checked (if org-key
                 (alien-funcall (extern-alien "mid_client_new" (function (signed 32) text text (* (* t)) (* (* char))))
                                (c-text org-key) (c-text options) (addr client) (addr json))
                 (alien-funcall (extern-alien "mid_client_from_env" (function (signed 32) text (* (* t)) (* (* char))))
                                (c-text options) (addr client) (addr json)))
             json)
    client))

(defun free (client) (alien-funcall (extern-alien "mid_client_free" (function void (* t))) client))

(defun cancel (client)
  "Ends every call on this client, now and to come, with MID_CANCELLED."
  (alien-funcall (extern-alien "mid_client_cancel" (function void (* t))) client))

(defmacro with-client ((client options &optional org-key) &body body)
  `(let ((,client (open-client ,options ,org-key)))
     (unwind-protect (progn ,@body) (free ,client))))

(defun validate (client device-id)
  "May this device run now? Whatever goes wrong on the way, the decision says so."
  (with-alien ((allowed int 0) (json (* char)))
    (let ((status (alien-funcall
                   (extern-alien "mid_validate" (function (signed 32) (* t) text (* int) (* (* char))))
                   client (c-text device-id) (addr allowed) (addr json))))
      (make-instance 'decision :allowed (= allowed 1) :status (name-of status) :reply (take json)))))

(defmacro define-operation (lisp-name c-name with-device)
  `(progn
     (export ',lisp-name)
     (defun ,lisp-name (client ,@(when with-device '(device-id)))
       "Gives the authority's reply, or signals machineid-error."
       (with-alien ((json (* char)))
         (checked (alien-funcall
                   (extern-alien ,c-name (function (signed 32) (* t) ,@(when with-device '(text)) (* (* char))))
                   client ,@(when with-device '((c-text device-id))) (addr json))
                  json)))))

(define-operation register "mid_register" t)
(define-operation revoke "mid_revoke" t)
(define-operation unrevoke "mid_unrevoke" t)
(define-operation restore "mid_restore" t)
(define-operation remove-device "mid_remove" t)
(define-operation list-devices "mid_list_devices" nil)
(define-operation usage "mid_usage" nil)
